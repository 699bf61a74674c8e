"""The end of a module's process as an exception."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ModuleCrashed, ModuleDown, ModuleHung
from .crash import Crash, Kind
from .meaning import expected, hint, meaning, signal_name
from .places import trace

if TYPE_CHECKING:
    from ..bridge.values import Message


def ended(
    module: str,
    path: Path,
    crash: Crash,
    crossings: Sequence[bytes],
    message: Message | None,
) -> ModuleCrashed:
    """The exception for a module whose process ended."""
    callback = crash.callback or "no callback"
    made = ModuleHung if crash.kind is Kind.HUNG else ModuleCrashed
    verb = "hung" if crash.kind is Kind.HUNG else "ended its process"
    name = signal_name(crash.signal)
    how = f": {name}" if name else ""
    where = "between two calls" if crash.callback is None else f"in {callback}"
    if crash.own_thread:
        where += ", on a thread of its own"
    found = meaning(crash)
    return made(
        f"module {module!r} {verb} {where}{how}",
        module=module,
        callback=callback,
        detail=f"expected {expected(crash)}, found {found}",
        hint=hint(crash),
        signal=signal.Signals(crash.signal) if name else None,
        address=crash.address,
        meaning=found,
        limit=crash.reached.name.lower() if crash.reached else None,
        registers=named(crash.registers),
        message=message,
        request=crash.request if crash.callback in _ANSWERED else None,
        crossings=crossings,
        logs=crash.lines,
        name=name or crash.kind.name.lower(),
        trace=lambda: trace(crash, path),
    )


_REFUSED = "started again, but its init returned {}: it is down"  # csrc/isolation/keeper.c
_MOST_LINES = 8  # csrc/interface/crash.h


def down(module: str, last: ModuleCrashed | None) -> ModuleDown:
    """The exception for a message that a module was not called with: it is not started again."""
    return _down(
        module,
        last,
        "it ended before and is not started again",
        'mend what ended it (see `module.crashes`), or load it with restart="always"',
    )


def refused(module: str, last: ModuleCrashed | None, code: int, lines: Sequence[str]) -> ModuleDown:
    """The same where its init, called again, returned `code`. `lines` are what the log has of the
    module since the message came."""
    error = _down(
        module,
        last,
        f"its init returned {code} when it was started again; it had ended before",
        "mend why its init refuses; with each message it is tried again, if restart= allows",
    )
    error.code = code
    error.logs = tuple(line for line in lines if line != _REFUSED.format(code))[-_MOST_LINES:]
    return error


def _down(module: str, last: ModuleCrashed | None, found: str, hint: str) -> ModuleDown:
    before = "" if last is None else f": {last.what}"
    error = ModuleDown(
        f"module {module!r} is down",
        module=module,
        callback="on_message",
        detail=f"expected its process to run, {found}{before}",
        hint=hint,
    )
    error.__cause__ = last
    return error


_ANSWERED = (
    "a callback of an http request",
    "a callback of a fastcgi request",
    "a callback of a socket",
)


# As the machines keep them in a signal's context, by how many there are.
_REGISTERS = {
    17: (
        *(f"r{number}" for number in range(8, 16)),
        *("rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip"),
    ),
    33: (*(f"x{number}" for number in range(31)), "sp", "pc"),
}


def named(registers: Sequence[int]) -> dict[str, int]:
    """By the machine's names for them; nothing where there are none."""
    return dict(zip(_REGISTERS.get(len(registers), ()), registers, strict=False))
