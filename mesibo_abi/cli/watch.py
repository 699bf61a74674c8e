"""Ctrl-C where nothing hears it: the main thread is in a module's code, and does not come back."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from .status import Status
from .text import say

_PATIENCE = 0.3  # seconds that the main thread has for its answer
_FLUSHING = 5.0  # seconds for what is still to be written; another Ctrl-C cuts them short

_WORDS = """interrupted: the run ends while a module is in a callback
  expected it to return, it has not
  hint: callbacks must not block: see what the module waits for"""


class Watch:
    """A context manager for the main thread: in it, the second Ctrl-C ends the process if the main
    thread does not hear it, and a third one what is written at the end.

    Whatever handles SIGINT in it calls `answered`; without a handler of its own it is a
    KeyboardInterrupt as ever. `first` is called where the main thread does not hear the first one:
    it may have it come back. `last` is called before the process ends.
    """

    def __init__(self) -> None:
        self.first: Callable[[], object] = lambda: None
        self.last: Callable[[], object] = lambda: None
        self._heard = 0
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        # Python's handlers run on the main thread only; the signal's number is written at once.
        self._numbers, self._written = socket.socketpair()
        self._written.setblocking(False)
        self._handler = signal.signal(signal.SIGINT, self._interrupt)
        self._descriptor = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="ctrl-c", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._descriptor)
        signal.signal(signal.SIGINT, self._handler)
        self._stop.set()
        self._written.close()  # wakes the thread
        self._thread.join()
        self._numbers.close()

    def answered(self) -> None:
        """The main thread has heard of all that came until now."""
        self._heard += max(1, self._unheard(0))

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.answered()
        signal.default_int_handler(number, frame)

    def _unheard(self, flags: int) -> int:
        try:
            numbers = self._numbers.recv(4096, flags | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        return numbers.count(signal.SIGINT)

    def _watch(self) -> None:
        while self._numbers.recv(1, socket.MSG_PEEK) and not self._stop.wait(_PATIENCE):
            pending = self._unheard(socket.MSG_PEEK)
            if pending and self._heard + pending > 1:
                self._end(pending)
            if pending:
                self.first()

    def _end(self, pending: int) -> None:
        writing = threading.Thread(target=self.last, daemon=True)
        writing.start()
        until = time.monotonic() + _FLUSHING
        while writing.is_alive() and time.monotonic() < until:
            writing.join(_PATIENCE)
            if self._unheard(socket.MSG_PEEK) > pending:
                break
        say(_WORDS)
        os._exit(Status.INTERRUPTED)
