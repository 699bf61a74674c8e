"""Starts the probe, a small program that calls a module over and over (csrc/probe), and reads what
it wrote down."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .. import libraries
from ..bridge.fault import FaultRecord
from ..bridge.module import CALLBACKS
from ..evidence import Fault
from .notes import Step
from .subject import Skip, Subject

PROGRAM = Path(__file__).parent / "mesibo-abi-probe"
_NOTES = struct.Struct("=qQQ6Q")  # csrc/probe/probe.h: notes
_NOTES_SIZE = 4096
_MOST_WORDS = 16 * 1024  # of what it says on stderr
_AT = {-1: "between its calls", -2: "in its init", -3: "in its cleanup"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a callback, again and again. `case` says what it is handed, in words."""

    callback: str
    case: str
    message: bytes | None = None
    to: str | None = None
    from_: str | None = None
    status: int = 0
    type: int = 0
    online: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """What there is of each at one time, behind so many calls or lives; the first two in bytes."""

    heap: int
    mapped: int
    descriptors: int
    threads: int
    calls: int

    @property
    def memory(self) -> int:
        """All of it."""
        return self.heap + self.mapped


@dataclass(frozen=True, slots=True)
class Live:
    """What one stack has made that is there at one time."""

    bytes: int
    blocks: int
    threads: int


@dataclass(slots=True)
class Report:
    """What the probe wrote down. Stacks are addresses in the module's file, innermost first, all
    behind the calls that they name.

    `levels` are before the first window and behind each; `live` is the same by the number of a
    stack, and once more behind its cleanup. `opened` are descriptors: the number of a stack (-1:
    not known) and what it is. `hangs` are the index of a call and where it is. `done`: it came to
    its end.
    """

    levels: list[Level] = field(default_factory=list)
    live: dict[int, dict[int, Live]] = field(default_factory=dict)
    stacks: dict[int, tuple[int, ...]] = field(default_factory=dict)
    opened: list[tuple[int, str]] = field(default_factory=list)
    late: int | None = None
    hangs: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    own_threads: int = 0
    refused: bool = False
    done: bool = False

    @property
    def before(self) -> int:
        """Calls, or lives, before the first window."""
        return self.levels[0].calls

    @property
    def made(self) -> int:
        """In all windows."""
        return self.levels[-1].calls - self.before


@dataclass(frozen=True, slots=True)
class Run:
    """How the probe ended: `status` as of subprocess, what was written down of a fault, what it was
    doing, what it said, and where the block came from that it was freeing."""

    report: Report
    status: int
    fault: Fault | None
    step: Step
    said: str
    freeing: tuple[int, tuple[int, ...]] | None


def task(
    subject: Subject,
    calls: Iterable[Call],
    order: str,
    *,
    keep: bool = False,
    answer: bytes | None = None,
) -> str:
    """What the probe is to do, in lines (csrc/probe/task.c). `answer` is what each request is
    answered with; None: each fails."""
    keep_mapped = keep or libraries.read(subject.path).starts_threads
    synchronous = subject.inspection.has_synchronous
    lines = [
        _words(
            "load",
            _text(subject.name),
            _text(os.fsencode(subject.path.resolve())),
            _text(subject.entry_point),
            _text(subject.revision),
        ),
        _words("flags", keep_mapped, synchronous, subject.target.thread_safe),
        *(_words("item", _text(key), _text(value)) for key, value in subject.items.items()),
        *(_line(call) for call in calls),
        _words("body", _text(answer)),
        order,
    ]
    return "\n".join(lines)


def _words(*words: str | int) -> str:
    return " ".join(str(int(word)) if isinstance(word, bool) else str(word) for word in words)


def _line(call: Call) -> str:
    return _words(
        "call",
        CALLBACKS.index(call.callback),
        _text(call.to),
        _text(call.from_),
        _text(call.message),
        call.status,
        call.type,
        call.online,
    )


def _text(value: str | bytes | None) -> str:
    if value is None:
        return "-"
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return f"x{data.hex()}"


def run(
    task: str,
    calls: Sequence[Call],
    *,
    before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Runs it, in the group of this process. `before` are words of a command that it is run by.
    Raises Skip where its init refuses."""
    with ExitStack() as stack:
        given, written, notes, words = (_memory(stack, name) for name in _FILES)
        os.write(given, task.encode())
        os.truncate(notes, _NOTES_SIZE + FaultRecord.SIZE)
        files = (given, written, notes)
        done = subprocess.run(
            [*before, str(PROGRAM), *map(str, files)],
            stdin=subprocess.DEVNULL,
            stderr=words,
            pass_fds=files,
            env={**os.environ, **(environment or {})},
            check=False,
        )
        said = _all_of(words)[-_MOST_WORDS:].decode("utf-8", "replace")
        os.write(2, said.encode())  # it is shown where something is found
        report = read_report(_all_of(written).decode("utf-8", "replace"))
        index, freeing = _noted(notes)
        fault = FaultRecord(notes, _NOTES_SIZE).found()
    if report.refused:
        raise Skip("its init refuses: see init.loads")
    return Run(report, done.returncode, fault, _step(calls, index), said, freeing)


_FILES = ("task", "report", "notes", "words")


def _memory(stack: ExitStack, name: str) -> int:
    file = os.memfd_create(name)
    stack.callback(os.close, file)
    return file


def _all_of(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _noted(file: int) -> tuple[int, tuple[int, tuple[int, ...]] | None]:
    with mmap.mmap(file, _NOTES_SIZE) as memory:
        index, size, count, *frames = _NOTES.unpack(memory[: _NOTES.size])
    return index, (size, tuple(frames[:count])) if count else None


def _step(calls: Sequence[Call], index: int) -> Step:
    if 0 <= index < len(calls):
        return Step(calls[index].case, calls[index].callback)
    return Step(_AT.get(index, ""), "init" if index == -2 else "")


def read_report(text: str) -> Report:
    """From the lines of a report."""
    report = Report()
    for line in text.splitlines():
        word, *rest = line.split(" ")
        _READERS[word](report, rest)
    return report


def _read_level(report: Report, words: list[str]) -> None:
    _window, *numbers = map(int, words)
    report.levels.append(Level(*numbers))


def _read_live(report: Report, words: list[str]) -> None:
    window, stack, *numbers = map(int, words)
    report.live.setdefault(window, {})[stack] = Live(*numbers)


def _read_stack(report: Report, words: list[str]) -> None:
    number, *frames = map(int, words)
    report.stacks[number] = tuple(frames)


def _read_opened(report: Report, words: list[str]) -> None:
    report.opened.append((int(words[1]), " ".join(words[2:])))


def _read_hang(report: Report, words: list[str]) -> None:
    index, *frames = map(int, words)
    report.hangs.append((index, tuple(frames)))


def _read_late(report: Report, words: list[str]) -> None:
    report.late = int(words[0])


def _read_own(report: Report, words: list[str]) -> None:
    report.own_threads = int(words[0])


def _read_refused(report: Report, _words: list[str]) -> None:
    report.refused = True


def _read_done(report: Report, _words: list[str]) -> None:
    report.done = True


_READERS = {
    "level": _read_level,
    "live": _read_live,
    "stack": _read_stack,
    "descriptor": _read_opened,
    "hangs": _read_hang,
    "late": _read_late,
    "own": _read_own,
    "refused": _read_refused,
    "done": _read_done,
}
