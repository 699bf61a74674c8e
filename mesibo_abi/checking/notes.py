"""What a check is just doing, kept where it outlives the process that does it."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..evidence import Area
from .strays import one_runs
from .wire import decode, encode

_SIZE = 256 * 1024
_HEAD = 8
_TWICE = 4096
_PATIENCE = 0.3  # seconds
_LONG_PATIENCE = 5.0  # for one that waits for a processor


@dataclass(frozen=True, slots=True)
class Step:
    """What is being tried: in words, in which callback, and with what the module was handed; and
    since when, on the clock of time.monotonic."""

    case: str = ""
    callback: str = ""
    areas: tuple[Area, ...] = ()
    begun: float = field(default=0.0, compare=False)


class Notes:
    """Memory shared with processes that are forked off later: one writes, its parent reads.

    Where the module forks and both come back, the other process ends at its next step.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._twice = mmap.mmap(-1, _TWICE)
        self._writer = os.getpid()
        self._last = Step()

    def adopt(self) -> None:
        """This process is the one that writes."""
        self._writer = os.getpid()

    def write(self, case: str, callback: str = "", areas: Sequence[Area] = ()) -> None:
        """Replaces the last step."""
        self.end_other()
        step = self._last = Step(case, callback, tuple(areas), time.monotonic())
        data = encode(step)
        self._memory[_HEAD : _HEAD + len(data)] = data
        self._memory[:_HEAD] = len(data).to_bytes(_HEAD, "little")

    def end_other(self) -> None:
        """Ends this process if it came back from a callback beside the one that writes; that is
        noted."""
        if os.getpid() == self._writer:
            return
        data = encode(Step(self._last.case, self._last.callback))[: _TWICE - _HEAD]
        self._twice[_HEAD : _HEAD + len(data)] = data
        self._twice[:_HEAD] = len(data).to_bytes(_HEAD, "little")
        os._exit(0)

    def returned_twice(self) -> Step | None:
        """The step out of which two processes came. What the module forked off may be on its way
        still: it is waited for, briefly, but where it runs, or would."""
        begun = idle_since = time.monotonic()
        while not (size := int.from_bytes(self._twice[:_HEAD], "little")) and _has_children():
            now = time.monotonic()
            idle_since = now if one_runs() else idle_since
            if now - idle_since > _PATIENCE or now - begun > _LONG_PATIENCE:
                break
            time.sleep(0.001)
        return _step_in(self._twice[: _HEAD + size]) if size else None

    def read(self) -> Step:
        """The last step; one without words, where there was none or the module wrote over it."""
        size = int.from_bytes(self._memory[:_HEAD], "little")
        return _step_in(self._memory[: _HEAD + size]) or Step()

    def close(self) -> None:
        """Gives the memory back."""
        self._memory.close()
        self._twice.close()


def _step_in(memory: bytes) -> Step | None:
    """None: what is there is none, as a module can write there."""
    try:
        return decode(memory[_HEAD:], Step)
    except ValueError:
        return None


def _has_children() -> bool:
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
