"""The end of a module's process as an exception."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..crossings import Crossing
from ..errors import ModuleCrashed, ModuleDown, ModuleHung
from .crash import Crash, Kind
from .meaning import expected, hint, meaning, signal_name
from .places import trace
from .worker import ALWAYS, Isolation

if TYPE_CHECKING:
    from ..bridge.values import Message


_SLICE = 0.5  # seconds, csrc/isolation/turns.c: a call is over so soon once the host is hurried


def hurried(crash: Crash, crossings: Sequence[bytes], how: Isolation, since: float | None) -> Crash:
    """The same; it says so where the host was hurried before the time of the call was over. `since`
    is when that was, of CLOCK_MONOTONIC; None: never."""
    if crash.kind is not Kind.HUNG or since is None:
        return crash
    seconds = how.init_deadline if crash.callback == "init" else how.deadline
    begun = _begun(crossings)
    # Who is hurried as the time ends anyway may have been ended for either.
    is_early = begun is not None and max(begun, since) + _SLICE < begun + seconds
    return dataclasses.replace(crash, hurried=is_early or not seconds)


def _begun(crossings: Sequence[bytes]) -> float | None:
    """When the callback was called that is under way, the innermost; None: there is none."""
    return max(
        (
            crossing.start / 1e9
            for crossing in map(Crossing.from_json, crossings)
            if crossing.duration is None and not crossing.is_host_function
            if crossing.function != "thread"
        ),
        default=None,
    )


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


def down(module: str, callback: str, last: ModuleCrashed | None, how: Isolation) -> ModuleDown:
    """The exception for an event that a module was not called with: it is not started again, or not
    yet."""
    return _down(module, callback, last, *_why_down(how))


def _why_down(how: Isolation) -> tuple[str, str]:
    """What was found, and the hint."""
    if how.restarts == 0:
        return (
            "it ended before and is not started again",
            'mend what ended it (see `module.crashes`), or load it with restart="always"',
        )
    if how.restarts == ALWAYS:
        return (
            "it ended before and could not be started again",
            "see what the log says of it; with the next call it is tried again",
        )
    often = "once" if how.restarts == 1 else f"{how.restarts} times"
    return (
        f"it ended before and is started again at most {often} in any {how.period:.12g} s",
        "mend what ended it (see `module.crashes`); with the first call after that time it is "
        "started again",
    )


def refused(
    module: str, callback: str, last: ModuleCrashed | None, code: int, lines: Sequence[str]
) -> ModuleDown:
    """The same where its init, called again, returned `code`. `lines` are what the log has of the
    module since the event came."""
    error = _down(
        module,
        callback,
        last,
        f"its init returned {code} when it was started again; it had ended before",
        "mend why its init refuses; with each message it is tried again, if restart= allows",
    )
    error.code = code
    error.logs = tuple(line for line in lines if line != _REFUSED.format(code))[-_MOST_LINES:]
    return error


def _down(
    module: str, callback: str, last: ModuleCrashed | None, found: str, hint: str
) -> ModuleDown:
    before = "" if last is None else f": {last.what}"
    error = ModuleDown(
        f"module {module!r} is down",
        module=module,
        callback=callback,
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
