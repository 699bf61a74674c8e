"""What the end of a module's process means, in words; from what it left in the shared memory to an
exception."""

from __future__ import annotations

import enum
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ModuleCrashed, ModuleDown, ModuleHung, Trace
from ..symbols import Frame, Place, symbolize, unfold
from .worker import PROGRAM

if TYPE_CHECKING:
    from ..bridge.values import Message


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
    `request` is the one whose answer was being given.
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


INNERMOST = 48  # csrc/interface/crash.h
_MOST_FOUND = 8  # guesses that are shown
_PAGE = 4096
_NEAR_STACK = 1 << 20
_LARGE_ARRAY = 1 << 30
_KERNEL = 0x80  # si_code SI_KERNEL: a fault without an address
_MAPPED = 2  # SEGV_ACCERR: there is memory, but not for this
_DIVISION = 1  # FPE_INTDIV
_BY_SIGNAL = {
    signal.SIGILL: "an instruction that the processor does not know: a trap of the compiler's "
    "(__builtin_trap, a function without a return), or a jump into data",
    signal.SIGFPE: "arithmetic that has no result",
    signal.SIGTRAP: "a trap: a breakpoint, or a check of the compiler's",
    signal.SIGSYS: "a system call that is not allowed",
    signal.SIGBUS: "memory behind the end of a mapped file, or an address that is not aligned",
    signal.SIGXCPU: "more time of the processor than this process may have (ulimit -t)",
}


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
        detail=f"expected {_expected(crash)}, found {found}",
        hint=_hint(crash),
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
        trace=lambda: _trace(crash, path),
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


def signal_name(number: int) -> str:
    """`SIGSEGV`, or nothing where that is no signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _expected(crash: Crash) -> str:
    return "it to run on" if crash.callback is None else "it to return"


def _hint(crash: Crash) -> str:
    if crash.reached is Reached.CPU_TIME:
        return "see the frames below for what it was doing, or raise cpu_time of its limits"
    if crash.reached is Reached.NETWORK:
        return "a module must bear that: check what calls return; or leave out network=False"
    if crash.reached is not Reached.NONE:
        name = crash.reached.name.lower()
        return f"a module must bear that: check what calls return; or raise {name} of its limits"
    if crash.kind is Kind.HUNG:
        return "callbacks must not block: see the frames below, or raise the deadline"
    if crash.kind in (Kind.EXIT, Kind.VANISHED):
        return "a module does not end what runs it: return MESIBO_RESULT_FAIL instead"
    if crash.kind is Kind.KILLED and crash.signal in _FAULTS:
        return "leave the handling of that signal as it is: then its place is told"
    if crash.kind is Kind.KILLED or (
        crash.kind is Kind.FAULT and _is_sent(crash) and not crash.own
    ):
        return "look who sent it: the kernel's log, or whoever stops processes here"
    return "see the frames below, which have lines where it was compiled with -g"


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


# -- what it means


def meaning(crash: Crash) -> str:
    """In one sentence, and the limit that stands behind it."""
    if crash.reached is Reached.CPU_TIME:
        return f"that it had used up its limit, {crash.allowed} s of the processor"
    return _event(crash) + _BEHIND[crash.reached].format(crash.allowed)


_BEHIND = {
    Reached.NONE: "",
    Reached.MEMORY: "; it had been refused memory: its limit is {} bytes",
    Reached.OPEN_FILES: "; it had been refused a descriptor: its limit is {} open files",
    Reached.NETWORK: "; it had been refused the network: its limit is network=False",
}


def _event(crash: Crash) -> str:
    if crash.kind is Kind.FAULT:
        return _fault(crash)
    if crash.kind is Kind.EXIT:
        return f"a call of exit with code {crash.code}"
    if crash.kind is Kind.HUNG:
        return "that it had not returned when its time was over"
    if crash.kind is Kind.KILLED:
        return _killed(crash)
    if crash.kind is Kind.VANISHED:
        return f"that it ended itself, by a system call, with code {crash.code}"
    return "that it wrote over what it shares with the host"


def _killed(crash: Crash) -> str:
    name = signal_name(crash.signal) or f"signal {crash.signal}"
    if crash.signal in _FAULTS:
        return (
            f"{name}, and no more: the module had changed what is done at that signal, or wrote "
            "over what tells of it"
        )
    more = ": the kernel, when memory is short, or somebody" if name == "SIGKILL" else ""
    return f"{name} from outside{more}"


_FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
_TIMERS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF)


def _is_sent(crash: Crash) -> bool:
    """Whether somebody sent the signal: nothing faulted."""
    return crash.code <= 0 or crash.signal in _TIMERS


def _fault(crash: Crash) -> str:
    if crash.signal == signal.SIGABRT and (crash.own or crash.code > 0):
        return _abort(crash)
    name = signal_name(crash.signal)
    if _is_sent(crash) and crash.own:
        how = "by a timer that it had set" if crash.signal in _TIMERS else "by itself"
        return f"{name}, sent {how}"
    if _is_sent(crash):
        return f"{name} from another process: nothing faulted"
    if crash.signal == signal.SIGFPE and crash.code == _DIVISION:
        return "a whole number divided by zero"
    if crash.signal in (signal.SIGSEGV, signal.SIGBUS):
        return _access(crash)
    return _BY_SIGNAL.get(signal.Signals(crash.signal), signal_name(crash.signal))


def _abort(crash: Crash) -> str:
    if crash.exception:
        return f"an exception of C++ that nobody caught: {demangled(crash.exception)}"
    return "a call of abort: an assertion that failed, or a heap that libc found damaged"


def _access(crash: Crash) -> str:
    at = crash.address
    if at is None:
        return "an access to an address that no memory can have: an overwritten pointer"
    if at == crash.pc and at < _PAGE:
        return "a call through a NULL function pointer"
    if at == crash.pc:
        return f"a jump to {at:#x}, where there is no code"
    act = "write to" if crash.writes else "read from"
    if crash.is_over:
        what = _LENT[crash.lent] if crash.lent else "message or answer"
        return f"a {act} the {what} of a call that is over: it kept a pointer"
    end = crash.message_at + crash.message_size
    if crash.message_at and end <= at < end + _PAGE + 1:
        return (
            f"a {act.split()[0]} {_bytes(at - end)} behind the {_given(crash)}, which "
            f"{'have' if crash.lent == _PARAMS else 'has'} {_bytes(crash.message_size)}"
        )
    if at < _PAGE:
        return f"a {act} a NULL pointer" + (f", {_bytes(at)} behind it" if at else "")
    if _is_overflow(crash, at):
        return "a stack that is full: recursion without an end, or a large array in a function"
    if crash.signal == signal.SIGBUS:
        return f"a {act} {at:#x}: {_BY_SIGNAL[signal.SIGBUS]}"
    if crash.code == _MAPPED:
        return f"a {act} {at:#x}, which may not be {'written' if crash.writes else 'read'}"
    return f"a {act} {at:#x}, where there is no memory"


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count} bytes"


def _given(crash: Crash) -> str:
    """What lies at `message_at`."""
    if crash.lent:
        return _LENT[crash.lent]
    return "message" if crash.callback == "on_message" else "data"


def _is_overflow(crash: Crash, at: int) -> bool:
    """The stack pointer is at the end of its stack, or an array has moved it beyond; the fault is
    near it, or in what lies between."""
    low, high = crash.stack
    return (
        low - _LARGE_ARRAY <= crash.sp < low + 2 * _NEAR_STACK
        and crash.sp - _NEAR_STACK < at < min(high, max(low, crash.sp + _NEAR_STACK))
    )


_LENT = ("data", "address `to`", "address `from`", "params")  # as csrc/interface/crash.h: mh_lent
_PARAMS = 3
_PART = re.compile(r"(\d+)")


def demangled(name: str) -> str:
    """The type's name in C++, where it is as plain as those of exceptions are."""
    rest, parts = name, []
    if rest.startswith("N") and rest.endswith("E"):
        rest = rest[1:-1]
    if rest.startswith("St"):
        parts, rest = ["std"], rest[2:]
    while found := _PART.match(rest):
        begin, size = found.end(), int(found[1])
        parts.append(rest[begin : begin + size])
        rest = rest[begin + size :]
    if rest in ("7__cxx11",) or not parts or rest:
        plain = {"i": "int", "PKc": "const char *"}
        return plain.get(name, name)
    return "::".join(parts)


# -- where it was


def _trace(crash: Crash, path: Path) -> Trace:
    """The frames down to the module's outermost, and the place that a signature names."""
    module = _resolved(path)
    inside = [_is_in(place, module) for place in crash.places]
    last = max((i for i, is_inside in enumerate(inside) if is_inside), default=None)
    begin = _own_frames(crash) if crash.kind is Kind.EXIT else 0
    frames = symbolize(crash.places[begin : None if last is None else last + 1])
    first = next((frame for i, frame in enumerate(frames) if inside[begin + i]), None)
    cut = crash.left_out > 0 and len(crash.places) == INNERMOST
    if cut:
        frames += _guesses(crash, module)[::-1]
    elif first is None:
        guesses = _guesses(crash, module)
        first = next(iter(guesses), None)
        frames += guesses
    if first is None:
        first = next((frame for frame in frames if not _is_ours(frame.file)), None)
    gap = INNERMOST - begin if crash.left_out else len(frames)
    return Trace(_unfolded(frames[:gap]), crash.left_out, _unfolded(frames[gap:]), _spot(first))


def _guesses(crash: Crash, module: Path) -> tuple[Frame, ...]:
    """What was found on the stack, else the callback that ran."""
    found = [place for place in crash.found if _is_in(place, module)]
    if not found and crash.entry is not None and _is_in(crash.entry, module):
        (entry,) = symbolize([crash.entry])
        return (replace(entry, note="the callback that ran"),)
    once = dict.fromkeys(found)
    return tuple(
        replace(frame, note="found on the stack") for frame in symbolize(list(once)[:_MOST_FOUND])
    )


def _unfolded(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    return tuple(each for frame in frames for each in unfold(frame))


def _is_in(place: Place, module: Path) -> bool:
    return place.file is not None and _resolved(place.file) == module


def _own_frames(crash: Crash) -> int:
    """How many of the innermost frames are how the worker noticed: all but the function called."""
    ours = (not _is_ours(place.file) for place in crash.places)
    return max(next((i for i, is_other in enumerate(ours) if is_other), 0) - 1, 0)


def _is_ours(file: Path | None) -> bool:
    return file is not None and _resolved(file) == _resolved(PROGRAM)


def _spot(frame: Frame | None) -> str:
    if frame is None:
        return ""
    if frame.source is not None:
        return f"{frame.function or '??'} {frame.source.name}:{frame.line}"
    name = frame.file.name if frame.file is not None else "??"
    return f"{frame.function or '??'} {name}+{frame.offset:#x}"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except OSError:
        return path
