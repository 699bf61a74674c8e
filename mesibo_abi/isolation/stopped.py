"""A process that is about to end, and is kept for a debugger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stopped:
    """The process of the isolated module of that name, and the thread in it that faults, hangs or
    calls exit: numbers of the kernel's. When a debugger has attached itself and lets the process go
    on, that thread gets its signal once more, where it was."""

    module: str
    process: int
    thread: int
