"""The one thread of a host on which its services run: an asyncio event loop."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import selectors
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVarTuple

from ..errors import ClosedError, ForkedError
from .daemon_pool import DaemonPool

Ts = TypeVarTuple("Ts")

THREAD_NAME = "mesibo-services"
_LOOKUP_THREADS = 8
_EXIT_TIMEOUT = 2.0

_log = logging.getLogger("mesibo_abi")
_running: set[ServiceThread] = set()


class ServiceThread:
    """An event loop on a daemon thread, started by the first call.

    Nothing of it is printed, at interpreter exit neither: what is running then is cancelled and
    the loop closed. (The loop is asyncio's own: with uvloop's, a forked child crashes at its exit.)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._closing = False
        self._epoll: selectors.EpollSelector | None = None
        self._pid = os.getpid()

    def call(self, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Runs `callback(*args)` on the thread, soon; from any thread. An exception in it is
        logged. Raises ClosedError after `close`, ForkedError in a child of the process."""
        if self._pid != os.getpid():
            raise ForkedError(
                "the services of the host belong to the parent of this process",
                hint="make a new mesibo_abi.Host in the child",
            )
        with self._lock:
            if self._closing:
                raise ClosedError(
                    "the services of the host are closed",
                    hint="make a new mesibo_abi.Host",
                )
            loop = self._loop or self._start()
            loop.call_soon_threadsafe(callback, *args)

    def watch(self, fd: int, callback: Callable[[], object]) -> None:
        """Runs `callback()` on the thread whenever `fd` can be read, until the thread is closed;
        the caller keeps `fd` open until then."""
        self.call(self._watch, fd, callback)

    def at_close(self, closer: Callable[[], Awaitable[None]]) -> None:
        """Awaits `closer()` on the thread when it is closed, if it ever ran; the last one given
        comes first."""
        self._closers.append(closer)

    def close(self, timeout: float = 5.0) -> bool:
        """Closes what runs on the thread, cancels the rest and ends it. Waits `timeout` seconds
        for that and returns whether it ended; a second call waits again. Called on the thread
        itself it does not wait."""
        if self._pid != os.getpid():
            return True  # after a fork: there is no such thread here
        with self._lock:
            first, self._closing = not self._closing, True
            thread, loop = self._thread, self._loop
            if thread is None or loop is None:
                return True
            if first:
                loop.call_soon_threadsafe(self._begin_shutdown, timeout)
        if self.is_current:
            return False
        thread.join(timeout)
        return not thread.is_alive()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on it."""
        return self._thread is threading.current_thread()

    def _start(self) -> asyncio.AbstractEventLoop:
        self._epoll = selectors.EpollSelector()
        loop = asyncio.SelectorEventLoop(self._epoll)
        loop.set_exception_handler(self._on_exception)
        loop.set_default_executor(DaemonPool(_LOOKUP_THREADS, f"{THREAD_NAME}-lookup"))
        thread = threading.Thread(target=self._run, args=(loop,), name=THREAD_NAME, daemon=True)
        self._loop, self._thread = loop, thread
        _running.add(self)
        thread.start()
        return loop

    def _let_go(self) -> None:
        """In a forked child, whose epoll instance is the parent's: a connection collected in the
        child would be taken out of the parent's. So the child's descriptor is turned elsewhere."""
        if self._epoll is not None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, self._epoll.fileno(), inheritable=False)
            os.close(nowhere)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_forever()
        finally:
            # Whoever ended us may still be writing to the loop's own socket, whose number would be
            # another's by then. Behind that nobody writes.
            with self._lock:
                pass
            loop.close()
            _running.discard(self)

    def _watch(self, fd: int, callback: Callable[[], object]) -> None:
        asyncio.get_running_loop().add_reader(fd, callback)

    def _begin_shutdown(self, timeout: float) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._shut_down(timeout))
        task.add_done_callback(lambda _: loop.stop())

    async def _shut_down(self, timeout: float) -> None:
        for closer in reversed(self._closers):
            try:
                await asyncio.wait_for(closer(), timeout / 2)
            except Exception as error:
                _log.error("a service did not close", exc_info=error)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=timeout / 2)
        await asyncio.get_running_loop().shutdown_asyncgens()
        await asyncio.sleep(0)  # what was closed just now is told so in the next turn

    def _on_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody caught. While closing, and in a forked child, it is of no interest."""
        if self._closing or self._pid != os.getpid():
            return
        _log.error(
            "on the service thread: %s", context["message"], exc_info=context.get("exception")
        )


@atexit.register
def _close_all() -> None:
    """Loops and sessions that are collected while they are open would say so at exit."""
    for thread in list(_running):
        thread.close(_EXIT_TIMEOUT)


def _let_go_all() -> None:
    for thread in list(_running):
        thread._let_go()


os.register_at_fork(after_in_child=_let_go_all)
