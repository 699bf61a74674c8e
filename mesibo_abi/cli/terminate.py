"""SIGTERM while something is half made: it is taken away, and then the process ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """SIGTERM came. No Exception, so that nothing on the way takes it for a failure of its own."""


@contextmanager
def terminable() -> Iterator[None]:
    """In it SIGTERM unwinds what runs; the process ends by the signal when that is done. On the
    main thread only. Where somebody else has chosen what SIGTERM does, it stays so."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _unwind)
    try:
        yield
    except Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one must not stop the clearing away
    raise Terminated
