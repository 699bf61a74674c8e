"""The clock of the benchmark, and the probe that tells how fast the core is at the moment."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What takes the time of samples."""

    def now(self) -> int:
        """Nanoseconds since some moment."""

    def probe(self) -> int:
        """How many nanoseconds a fixed piece of work takes now."""


class CoreClock:
    """The clock of this machine. The probe is the function `probe` of a library, see probe.c."""

    def __init__(self, library: Path) -> None:
        # PyDLL: the GIL stays here, as in most of what is measured.
        self._work = ctypes.PyDLL(str(library)).probe
        self._work.restype = ctypes.c_uint64
        self.now = time.perf_counter_ns

    def probe(self) -> int:
        """The time of one piece of work. The one before it brings back what a sample has driven out
        of the caches: that says nothing of the core's speed."""
        self._work()
        begin = self.now()
        self._work()
        return self.now() - begin
