"""Ctrl-C as a question, not an exception: a module's callback would swallow the exception."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self

from .watch import Watch


class Interrupt:
    """A context manager for the main thread: in it, `asked` says whether Ctrl-C was pressed. The
    second time it is a KeyboardInterrupt as ever. The watch, if there is one, is told of both."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.asked = False
        self._watch = watch

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._watch is not None:
            self._watch.answered()
        if self.asked:
            signal.default_int_handler(number, frame)
        self.asked = True
