"""From what ended a process to a finding: which function did it, and what it did."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from pathlib import Path

from ..evidence import Area, Fault, in_words
from ..symbols import Frame, place_at, read_maps, symbolize
from .notes import Step
from .results import Finding

_SI_KERNEL = 0x80
_STACK_OVERRUN = 64 << 20  # bytes below the stack that an overrun of it may reach


@dataclass(frozen=True, slots=True)
class Ending:
    """How the process of a check ended: `status` as os.waitstatus_to_exitcode has it (a signal is
    negative), what was written down of it, what it was doing, and whether it had to be ended, after
    so many `seconds`; `in_time`: the last call had not taken long by then."""

    status: int
    fault: Fault | None
    step: Step
    seconds: float | None = None
    in_time: bool = False


def explain(ending: Ending, library: Path) -> Finding:
    """The finding for a module that ended its process."""
    first, inside = _frames(ending.fault, library)
    during = f", {ending.step.case}" if ending.step.case else ""
    where = None if inside is None else inside.with_path()
    who = ending.step.callback or "the module"
    evidence, cure = _reason(ending, first, inside)
    return Finding(f"{who} {_end(ending)}{during}", evidence, cure, where)


def _end(ending: Ending) -> str:
    if ending.seconds is not None:
        return f"did not return in {ending.seconds:g} s"
    if ending.status < 0:
        return f"ended the process with {_signal_name(-ending.status)}"
    return f"ended the process by itself, with status {ending.status}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _frames(fault: Fault | None, library: Path) -> tuple[Frame | None, Frame | None]:
    """Where it was, and the innermost frame of the module itself. The others are not looked at: the
    host's are large."""
    if fault is None or not fault.frames:
        return None, None
    maps = read_maps(fault.maps)
    own = [mapping for mapping in maps if mapping.path == library.resolve()]
    for depth, address in enumerate(fault.frames):
        if any(mapping.start <= address < mapping.end for mapping in own):
            first, inside = symbolize(
                [place_at(fault.frames[0], 0, maps), place_at(address, depth, maps)]
            )
            return first, inside
    for address in fault.found:  # guesses: the first is of the last call that returned
        if any(mapping.start <= address < mapping.end for mapping in own):
            first, inside = symbolize(
                [place_at(fault.frames[0], 0, maps), place_at(address, 1, maps)]
            )
            return first, replace(inside, note="found on the stack")
    (first,) = symbolize([place_at(fault.frames[0], 0, maps)])
    return first, None


def _reason(ending: Ending, first: Frame | None, inside: Frame | None) -> tuple[str, str]:
    """The evidence and the cure."""
    through = _through(first, inside)
    if ending.seconds is not None:
        return (
            f"expected it to return, it was still running{through}",
            "callbacks must not block: see what it waits for, or which loop does not end",
        )
    fault = ending.fault
    if ending.status >= 0:
        return (
            "expected it to return, it called exit",
            "a module returns MESIBO_RESULT_FAIL; it never ends the process of its host",
        )
    if fault is None and -ending.status in (signal.SIGSEGV, signal.SIGBUS):
        return (
            f"expected it to return, found {_signal_name(-ending.status)} and no word of where: it "
            "has another handler of that signal, wrote over what tells of it, or a thread of its "
            "own overran its stack",
            "write to no memory but your own, and leave the handlers of signals to the host",
        )
    if fault is None or fault.signal != -ending.status:
        return (
            f"expected it to return, found {_signal_name(-ending.status)}",
            "see what sends that signal: the module does, or it takes too much memory",
        )
    if fault.signal in (signal.SIGSEGV, signal.SIGBUS):
        evidence, cure = _access(fault, ending.step.areas)
        return evidence + through, cure
    return _by_signal(fault.signal, through)


def _by_signal(number: int, through: str) -> tuple[str, str]:
    if number == signal.SIGABRT:
        return (
            "expected it to return, it aborted",
            "read what it printed: a failed assertion, a C++ exception that left the module, or a "
            "heap that was written over (`mesibo-abi check --only resources.heap` tells the block)",
        )
    if number == signal.SIGFPE:
        return (
            f"expected a number that can be divided by, found 0{through}",
            "compare with 0 before you divide by what came from elsewhere: in a message, in an "
            "answer, or as the value of an item",
        )
    return (
        f"expected it to return, found {_signal_name(number)}{through}",
        "see the function and line: a compiler puts a trap where control must not come",
    )


def _through(first: Frame | None, inside: Frame | None) -> str:
    """The function of another library that it was in, where it was in one."""
    if first is None or inside is None or first.file == inside.file:
        return ""
    home = first.file.name if first.file is not None else "no file"
    return f" (in {f'{first.outer} of ' if first.outer else ''}{home}, called from there)"


def _access(fault: Fault, areas: tuple[Area, ...]) -> tuple[str, str]:
    verb = {True: "wrote", False: "read", None: "touched"}[fault.writing]
    for area in areas:
        if area.low <= fault.address < area.high:
            return _in_area(fault.address - area.start, area, verb)
    if fault.address == 0 and fault.code == _SI_KERNEL:
        return f"it {verb} at an address that cannot be", "see what the pointer was set to"
    if _is_below_stack(fault):
        return (
            f"it {verb} at address {fault.address:#x}, below the end of the stack",
            "put what is large on the heap, and bound what calls itself: a message may be larger "
            "than a stack",
        )
    if fault.address < 4096:
        return (
            f"it {verb} at address {fault.address:#x}: a NULL pointer",
            "compare the pointer with NULL before you follow it: `to` and `from` may be NULL, the "
            "value of an item, the data of a request that failed, and what a host function returns",
        )
    return (
        f"it {verb} at address {fault.address:#x}, where nothing of its own is",
        "see what the pointer was set to, and whether what it points to still lives",
    )


def _is_below_stack(fault: Fault) -> bool:
    for line in fault.maps.splitlines():
        if line.endswith("[stack]"):
            start = int(line.partition("-")[0], 16)
            return start - _STACK_OVERRUN <= fault.address < start
    return False


def _in_area(offset: int, area: Area, verb: str) -> tuple[str, str]:
    inside = 0 <= offset < area.size
    # Inside of one that was not sealed when the call began, it has been since.
    if area.sealed or (inside and (verb == "read" or not area.read_only)):
        return (
            f"it {verb} byte {offset} of {in_words(area.name)} after the call it was handed to",
            "copy what you need longer: what the host hands in is valid until the callback returns",
        )
    if inside:
        return (
            f"it {verb} byte {offset} of {in_words(area.name)}, which is const",
            "copy it before you change it: it is const, and others have the same bytes",
        )
    place = f"the byte {-offset} before" if offset < 0 else f"byte {offset} of"
    return (
        f"it {verb} {place} {in_words(area.name)}, which has the bytes 0 to {area.size - 1}"
        if area.size
        else f"it {verb} {place} {in_words(area.name)}, which has none",
        _CURES.get(area.name, _ADDRESS_CURE),
    )


_CURES = {
    "message": "end at `len`: there need not be a NUL behind a message, so strlen, strstr, %s and "
    "the like do not; use memchr, memmem, %.*s, and compare `len` before you look at a byte",
    "params": "use the fields that mesibo_message_params_t has in the header of this revision, and "
    "no others",
    "user": "use the fields that mesibo_user_t has in the header of this revision, and no others",
    "config": "what it is depends on its `type`: read no more than belongs to that",
    "the module struct": "compile it against the header of this revision, and write only the "
    "fields that are the module's",
}
_ANSWER_CURE = (
    "end at `size`: there is no NUL behind what comes in, so strlen, strstr, %s and JSON parsers "
    "that want a string need a copy with one; it may have no byte at all"
)
_CURES |= dict.fromkeys(("the body", "the header", "the data"), _ANSWER_CURE)
_ADDRESS_CURE = "an address ends at its NUL: compare it with strcmp, and copy no more than it has"
