"""SIGTERM, or a terminal that is closed, while something is half made: it is taken away, and then
the process ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """Such a signal came: `number`. No Exception, so that nothing on the way takes it for a failure
    of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def terminable() -> Iterator[None]:
    """In it SIGTERM and SIGHUP unwind what runs; the process ends by the signal when that is done.
    On the main thread only. Where somebody else has chosen what one of them does, it stays so."""
    ours = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in ours:
            signal.signal(number, _unwind)
        yield
    except Terminated as end:
        _restore(ours)
        signal.raise_signal(end.number)
    finally:
        _restore(ours)


def _restore(ours: list[signal.Signals]) -> None:
    for number in ours:
        signal.signal(number, signal.SIG_DFL)


def _unwind(number: int, _frame: FrameType | None) -> None:
    for each in _SIGNALS:
        if signal.getsignal(each) is _unwind:  # another one must not stop the clearing away
            signal.signal(each, signal.SIG_IGN)
    raise Terminated(number)
