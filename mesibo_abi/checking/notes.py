"""What a check is just doing, kept where it outlives the process that does it."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass

from ..evidence import Area
from .wire import decode, encode

_SIZE = 256 * 1024
_HEAD = 8


@dataclass(frozen=True, slots=True)
class Step:
    """What is being tried: in words, in which callback, and with what the module was handed."""

    case: str = ""
    callback: str = ""
    areas: tuple[Area, ...] = ()


class Notes:
    """Memory shared with processes that are forked off later: one writes, its parent reads."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    def write(self, case: str, callback: str = "", areas: Sequence[Area] = ()) -> None:
        """Replaces the last step."""
        step = Step(case, callback, tuple(areas))
        data = encode(step)
        self._memory[_HEAD : _HEAD + len(data)] = data
        self._memory[:_HEAD] = len(data).to_bytes(_HEAD, "little")

    def read(self) -> Step:
        """The last step."""
        size = int.from_bytes(self._memory[:_HEAD], "little")
        if size == 0:
            return Step()
        return decode(self._memory[_HEAD : _HEAD + size], Step)

    def close(self) -> None:
        """Gives the memory back."""
        self._memory.close()
