"""A run under valgrind: what it finds in the module, as findings."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from . import probe, timing
from .crashes import Ending, explain
from .heap import Plan, plans
from .results import Finding
from .subject import Crash, Skip, Subject

_TOOL = "valgrind"
_DEADLINE = 60.0  # seconds: it is fifty times slower so
_SYSTEM = ("/usr/include", "/usr/lib")
_INSTALL = "install it: apt-get install valgrind libc6-dbg, dnf install valgrind, or the like"


def require() -> None:
    """Raises InputError where there is no valgrind."""
    if shutil.which(_TOOL) is None:
        raise InputError(
            "check: no valgrind",
            detail="expected the program valgrind on the PATH, as --valgrind asks for it, found "
            "none",
            hint=_INSTALL,
        )


def checked(subject: Subject) -> Iterator[Finding]:
    """Every call, and its cleanup."""
    if not subject.target.valgrind:
        raise Skip("takes a second or more: ask for it with --valgrind")
    require()
    known = set()
    for plan in plans(subject):
        for finding in _run(subject, plan):
            if (finding.what, finding.where) not in known:
                yield finding
            known.add((finding.what, finding.where))


def _run(subject: Subject, plan: Plan) -> Iterator[Finding]:
    """It stays mapped, so that what is lost has a name."""
    calls, answer = plan
    order = timing.order(calls, _DEADLINE, most=0, settles=True)
    subject.notes.write("under valgrind")
    written = os.memfd_create("valgrind")
    try:
        task = probe.task(subject, calls, order, keep=True, answer=answer)
        run = probe.run(task, calls, before=_command(written))
        text = os.pread(written, os.fstat(written).st_size, 0)
    finally:
        os.close(written)
    timing.refuse_late(subject, calls, run, _DEADLINE)
    found = list(findings(text, subject.path.resolve()))
    if not run.report.done and not found:
        _refuse_start(run.said)
        raise Crash(explain(Ending(run.status, run.fault, run.step), subject.path))
    yield from found


def _command(file: int) -> tuple[str, ...]:
    return (
        _TOOL,
        "--tool=memcheck",
        "--quiet",
        "--xml=yes",
        f"--xml-file=/proc/{os.getpid()}/fd/{file}",
        "--child-silent-after-fork=yes",
        "--leak-check=full",
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
        "--track-origins=yes",
        "--read-inline-info=yes",
        "--num-callers=40",
    )


def _refuse_start(said: str) -> None:
    if "Fatal error at startup" in said:
        raise Skip("valgrind needs the symbols of the C library: apt-get install libc6-dbg")


# ---- What it wrote


@dataclass(frozen=True, slots=True)
class _Frame:
    file: Path
    function: str
    source: Path | None
    line: int | None

    def __str__(self) -> str:
        if self.source is None:
            return f"{self.function} in {self.file.name}"
        return f"{self.function}, {self.source}:{self.line}"


def findings(xml: bytes, library: Path) -> Iterator[Finding]:
    """Those of its errors that the library has to do with, each place once."""
    seen = set()
    for error in ElementTree.fromstring(xml).iter("error"):
        kind = error.findtext("kind", "")
        stacks = [_stack(each) for each in error.iter("stack")]
        where = _where(kind, stacks, library)
        once = ("" if kind in _UNINITIALISED else kind, where)  # it is used again and again
        if where is None or once in seen:
            continue
        seen.add(once)
        yield _finding(error, kind, where, stacks[1:], library)


_LEAK = "Leak_DefinitelyLost"
_UNINITIALISED = ("UninitCondition", "UninitValue", "SyscallParam")


def _where(kind: str, stacks: Sequence[Sequence[_Frame]], library: Path) -> _Frame | None:
    """What was never set may get to the host, as a result: then it is told by where it came
    from."""
    if not stacks:
        return None
    asked = stacks if kind in _UNINITIALISED else stacks[:1]
    places = (_inside(stack, library, through=kind != _LEAK) for stack in asked)
    return next((place for place in places if place is not None), None)


def _stack(element: ElementTree.Element) -> list[_Frame]:
    return [
        _Frame(
            Path(each.findtext("obj", "")),
            each.findtext("fn", "??"),
            _source(each),
            int(each.findtext("line", "0")) or None,
        )
        for each in element.iter("frame")
    ]


def _source(frame: ElementTree.Element) -> Path | None:
    file = frame.findtext("file")
    return None if file is None else Path(frame.findtext("dir", ""), file)


def _inside(stack: Sequence[_Frame], library: Path, *, through: bool) -> _Frame | None:
    """The innermost frame of the library, but for headers of the system that were compiled into it;
    not `through`: none where a host function is further in."""
    for frame in stack:
        if not through and frame.file == probe.PROGRAM.resolve():
            return None
        if frame.file == library and not str(frame.source or "").startswith(_SYSTEM):
            return frame
    return None


def _finding(
    error: ElementTree.Element,
    kind: str,
    where: _Frame,
    others: Sequence[Sequence[_Frame]],
    library: Path,
) -> Finding:
    what, cure = _KINDS.get(kind, _OTHER)
    said = error.findtext("what") or error.findtext("xwhat/text") or kind
    more = [element.text or "" for element in (*error.iter("auxwhat"), *error.iter("xauxwhat"))]
    at = [_inside(stack, library, through=True) for stack in others]
    evidence = said
    for number, words in enumerate(more):
        place = at[number] if number < len(at) else None
        evidence += f"; {words.strip().removesuffix(' at')}" + (
            f" by {place}" if place is not None else ""
        )
    return Finding(
        f"{where.function} {what}",
        f"expected nothing to be said by valgrind, found: {evidence}",
        cure,
        str(where),
    )


_BEHIND = "see which block that is, and where it was freed: what lies there is not its own any more"
_UNSET = (
    "set all of it before it is looked at, or sent: what malloc gives is old, and so is the stack"
)
_OTHER = ("does what valgrind warns of", "see the manual of valgrind for that kind of error")
_KINDS = {
    "InvalidRead": ("reads memory that is not its own", _BEHIND),
    "InvalidWrite": ("writes memory that is not its own", _BEHIND),
    "InvalidJump": ("jumps where no code is", _BEHIND),
    "UninitCondition": ("decides by what it never set", _UNSET),
    "UninitValue": ("uses what it never set", _UNSET),
    "SyscallParam": ("gives the system what it never set", _UNSET),
    "InvalidFree": (
        "frees what is not there to be freed",
        "free each block once, and set the pointer to NULL behind it",
    ),
    "MismatchedFree": (
        "frees what was made by another allocator",
        "free what malloc gave, delete what new gave, and delete[] what new[] gave",
    ),
    "Overlap": ("copies from memory to itself", "use memmove where the two may overlap"),
    _LEAK: ("loses memory", "keep the pointer until the block is freed, on every way out"),
}
