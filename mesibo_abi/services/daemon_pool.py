"""Threads for what blocks on the service thread's behalf: looking up host names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonPool(ThreadPoolExecutor):
    """A pool whose threads do not hold up the end of the process.

    The standard pool is waited for at interpreter exit, for up to half a minute where a name
    server does not answer. (An event loop insists on a subclass of it.)
    """

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(max_workers=threads, thread_name_prefix=name)
        self._most = threads
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._guard = threading.Lock()
        self._started = 0
        self._open_jobs = 0
        self._over = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs `fn` on a thread of the pool. Raises RuntimeError after `shutdown`."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._guard:
            if self._over:
                raise RuntimeError("the pool of the service thread is shut down")
            self._open_jobs += 1
            if self._started < min(self._open_jobs, self._most):
                self._start_thread()
            self._jobs.put(job)
        return future

    def shutdown(self, *_args: object, **_kwargs: object) -> None:
        """Takes no more jobs. Never waits: what still runs ends by itself, unheard."""
        with self._guard:
            self._over = True
            for _ in range(self._started):
                self._jobs.put(None)

    def _start_thread(self) -> None:
        self._started += 1
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job
            with self._guard:
                self._open_jobs -= 1
