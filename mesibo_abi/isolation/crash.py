"""What the core knows of the end of a module's process, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ..symbols import Place

INNERMOST = 48  # csrc/interface/crash.h


class Kind(enum.IntEnum):
    """How it ended (csrc/interface/crash.h: mh_end_kind)."""

    FAULT = 0
    EXIT = 1
    HUNG = 2
    KILLED = 3
    VANISHED = 4
    SCRIBBLED = 5


class Reached(enum.IntEnum):
    """The limit that stands behind the end, as far as that is known (csrc/interface/crash.h:
    mh_reached)."""

    NONE = 0
    MEMORY = 1
    CPU_TIME = 2
    OPEN_FILES = 3
    NETWORK = 4


@dataclass(frozen=True, slots=True)
class Crash:
    """What the core knows of the end of a worker (csrc/interface/crash.h: mh_crash).

    `signal` is 0 where there was none; `code` is siginfo's si_code or the exit code; `own`: it sent
    that signal itself; `address` None where the fault has none. `allowed` is the limit that it had
    `reached`. `callback` is what ran, None for nothing. `message_at` and `message_size` say where
    the module had the message, or what it was lent that a fault hit: `lent` is which part, and
    `is_over` whether that was for a call before. `left_out` frames are missing in `places` behind
    the innermost INNERMOST. `found` are guesses: places that lay on the stack, as no frame led to
    the module, or, where there is no place behind INNERMOST, from the outermost on. `entry` is
    where the callback begins that ran.
    `request` is the one whose answer was being given. `hurried`: its time was not over yet, but
    somebody had called Host.hurry.
    """

    kind: Kind
    reached: Reached
    allowed: int
    signal: int
    code: int
    own: bool
    address: int | None
    writes: bool
    own_thread: bool
    callback: str | None
    thread_name: str
    pc: int
    sp: int
    stack: tuple[int, int]
    message_at: int
    message_size: int
    registers: tuple[int, ...]
    places: tuple[Place, ...]
    left_out: int
    found: tuple[Place, ...]
    entry: Place | None
    request: str
    exception: str
    lines: tuple[str, ...]
    lent: int = 0
    is_over: bool = False
    hurried: bool = False
