"""What the end of a module's process means, in words."""

from __future__ import annotations

import re
import signal

from .crash import Crash, Kind, Reached

_PAGE = 4096
_NEAR_STACK = 1 << 20
_LARGE_ARRAY = 1 << 30
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


def signal_name(number: int) -> str:
    """`SIGSEGV`, or nothing where that is no signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


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
    if crash.kind is Kind.HUNG and crash.hurried:
        return "that it had not returned when somebody called host.hurry, as Ctrl-C does"
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
        what = _part(crash) if crash.lent else "message or answer"
        return f"a {act} the {what} of a call that is over: it kept a pointer"
    end = crash.message_at + crash.message_size
    if crash.message_at and end <= at < end + _PAGE + 1:
        return (
            f"a {act.split()[0]} {_bytes(at - end)} behind the {_given(crash)}, which "
            f"{'have' if _part(crash) == 'params' else 'has'} {_bytes(crash.message_size)}"
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
        return _part(crash)
    return "message" if crash.callback == "on_message" else "data"


def _is_overflow(crash: Crash, at: int) -> bool:
    """The stack pointer is at the end of its stack, or an array has moved it beyond; the fault is
    near it, or in what lies between."""
    low, high = crash.stack
    return (
        low - _LARGE_ARRAY <= crash.sp < low + 2 * _NEAR_STACK
        and crash.sp - _NEAR_STACK < at < min(high, max(low, crash.sp + _NEAR_STACK))
    )


def _part(crash: Crash) -> str:
    """Of what it was handed."""
    return (_OF_A_LOGIN if crash.callback == "on_login" else _LENT)[crash.lent]


_LENT = ("data", "address `to`", "address `from`", "params")  # as csrc/interface/crash.h: mh_lent
_OF_A_LOGIN = ("data", "address", "address", "user")
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


def expected(crash: Crash) -> str:
    """What would have been right."""
    return "it to run on" if crash.callback is None else "it to return"


def hint(crash: Crash) -> str:
    """What an author can do."""
    if crash.reached is Reached.CPU_TIME:
        return "see the frames below for what it was doing, or raise cpu_time of its limits"
    if crash.reached is Reached.NETWORK:
        return "a module must bear that: check what calls return; or leave out network=False"
    if crash.reached is not Reached.NONE:
        name = crash.reached.name.lower()
        return f"a module must bear that: check what calls return; or raise {name} of its limits"
    if crash.kind is Kind.HUNG:
        return _hint_hung(crash)
    if crash.kind in (Kind.EXIT, Kind.VANISHED):
        return "a module does not end what runs it: return MESIBO_RESULT_FAIL instead"
    if crash.kind is Kind.KILLED and crash.signal in _FAULTS:
        return "leave the handling of that signal as it is: then its place is told"
    if crash.kind is Kind.KILLED or (
        crash.kind is Kind.FAULT and _is_sent(crash) and not crash.own
    ):
        return "look who sent it: the kernel's log, or whoever stops processes here"
    return "see the frames below, which have lines where it was compiled with -g"


def _hint_hung(crash: Crash) -> str:
    in_init = crash.callback == "init"
    rule = "an init must not block" if in_init else "callbacks must not block"
    if crash.hurried:
        return f"{rule}: see the frames below"
    bound = "init_deadline (--init-deadline)" if in_init else "the deadline"
    return f"{rule}: see the frames below, or raise {bound}"
