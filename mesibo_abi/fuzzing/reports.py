"""What sanitizers say of a process that they ended, as a crash."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..symbols import Frame, Place, symbolize, unfold
from .finding import LEAK, Crash

_FRAME = re.compile(
    r"^\s+#\d+ .*?\((?P<file>[^()\s]+)\+0x(?P<offset>[0-9a-f]+)\)"
    r"(?: \(BuildId: \w+\))?",
    re.M,
)
_BEGIN = re.compile(
    r"ERROR: mesibo-abi: (?P<own>[\w-]+)(?:: (?P<callback>\w+) (?:wrote|returned))?"
    r"|runtime error: (?P<undefined>.*)"
    r"|(?P<leak>ERROR: LeakSanitizer)"
    r"|ERROR: \w+Sanitizer: (?P<address>.*)"
    r"|WARNING: ThreadSanitizer: (?P<thread>[\w -]+?) \("
    r"|\w+Sanitizer:? CHECK failed: (?P<check>\S+)"
    r"|ERROR: libFuzzer: (?P<fuzzer>[\w -]+)"
)
_ACCESS = re.compile(r"^(READ|WRITE) of size|caused by a (READ|WRITE)", re.M)
_LEGEND = re.compile(
    r"^(?:Shadow bytes around|HINT: |MS: \d|artifact_prefix|stat::|NOTE: libF)", re.M
)
_OUTSIDE = "outside of the module"


class Reader:
    """Reads reports about a library in the fuzz program. What it has asked of the symbols it asks
    no more."""

    def __init__(self, library: Path, program: Path) -> None:
        self._library = library.resolve()
        self._paths = {path.name: path for path in (program, self._library)}
        self._frames: dict[tuple[Path, int], Frame] = {}

    def crash(self, status: int, report: str) -> Crash:
        """What became of a process that a case has ended, with that wait status."""
        told = self.told(report)
        if told is not None:
            return told
        if os.WIFSIGNALED(status):
            kind = _signal_name(os.WTERMSIG(status))
            return Crash(kind, _OUTSIDE, f"{report}\nthe process was ended by {kind}".strip())
        code = os.WEXITSTATUS(status)
        return Crash("exit", _OUTSIDE, f"{report}\nthe process exited with {code}".strip())

    def has_no_leaks(self, report: str) -> bool:
        """Whether LeakSanitizer gave up: it may not trace its own process."""
        return "LeakSanitizer has encountered a fatal error" in report

    def is_lost(self, report: str) -> bool:
        """Whether it tells of a stack that was written over, and its callers do not lead to the
        library."""
        begin = _BEGIN.search(report)
        if begin is None or not (begin["address"] or "").startswith("stack-buffer-overflow"):
            return False
        first = re.split(r"\n *\n|\n(?=\S.* is located )", report[begin.start() :], maxsplit=1)[0]
        return all(self._place(f)[0].resolve() != self._library for f in _FRAME.finditer(first))

    def told(self, report: str) -> Crash | None:
        """The first that a report tells of; None: it does not."""
        begin = _BEGIN.search(report)
        if begin is None:
            return None
        told = report[begin.start() :]
        kind, where = _kind(begin, told), self._where(begin, told)
        if kind.startswith("stack-overflow") or self.is_lost(report):
            # Which call comes too late is chance; and what is overrun has the line of its function.
            where = where.partition(" at ")[0]
        return Crash(kind, where, self._in_words(report))

    def _where(self, begin: re.Match[str], told: str) -> str:
        """The innermost place of the library; of a race, that of both accesses."""
        stacks = [self._named(stack) for stack in self._stacks(told)]
        wanted = 2 if begin["thread"] else 1
        found = [place for stack in stacks if (place := self._inside(stack)) is not None]
        if not found:
            return begin["callback"] or _OUTSIDE
        return " and ".join(sorted(set(found[:wanted])))

    def _inside(self, stack: Sequence[Frame]) -> str | None:
        """What the module's author wrote, before what a header of the system has of C++: that
        would be the same place for many mistakes."""
        inside = [f for f in stack if f.file is not None and f.file.resolve() == self._library]
        calls = [call for frame in inside for call in unfold(frame)]
        own = [call for call in calls if not _is_of_the_system(call)]
        for frame in [*own, *inside]:
            return str(replace(frame, function=_plain_name(frame.function), inlined=False))
        return None

    def _named(self, stack: Sequence[tuple[Path, int]]) -> list[Frame]:
        new = [place for place in dict.fromkeys(stack) if place not in self._frames]
        for place, frame in zip(
            new, symbolize([Place(offset, offset, file) for file, offset in new]), strict=True
        ):
            self._frames[place] = frame
        return [self._frames[place] for place in stack]

    def _place(self, frame: re.Match[str]) -> tuple[Path, int]:
        """Some sanitizers name files without their folders."""
        name = Path(frame["file"])
        return self._paths.get(name.name, name), int(frame["offset"], 16)

    def _stacks(self, text: str) -> Iterator[list[tuple[Path, int]]]:
        """The stacks of a report, in order, each without frames that are in no file."""
        stack: list[tuple[Path, int]] = []
        for line in text.splitlines():
            frame = _FRAME.match(line)
            if line.lstrip().startswith("#0 ") and stack:
                yield stack
                stack = []
            if frame is not None:
                stack.append(self._place(frame))
        if stack:
            yield stack

    def _in_words(self, report: str) -> str:
        """With names for what is known, and without what says nothing to people."""
        end = _LEGEND.search(report)
        text = report[: end.start()] if end is not None else report
        self._named([self._place(frame) for frame in _FRAME.finditer(text)])

        def name(frame: re.Match[str]) -> str:
            number = frame[0].split()[0]
            calls = unfold(self._frames[self._place(frame)])
            return "\n".join(f"    {number} {_in_full(call)}" for call in calls)

        return _FRAME.sub(name, text).strip()


def _signal_name(number: int) -> str:
    """Most of those for real time have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def _in_full(call: Frame) -> str:
    words = call.with_path() if call.function else str(replace(call, inlined=False))
    return f"{words} (inlined)" if call.inlined else words


def _is_of_the_system(frame: Frame) -> bool:
    return frame.source is not None and frame.source.parts[:2] == ("/", "usr")


def _plain_name(function: str | None) -> str | None:
    """Without what C++ says of its arguments."""
    if function is None:
        return None
    return function.replace("(anonymous namespace)::", "").partition("(")[0]


def _kind(begin: re.Match[str], told: str) -> str:
    if begin["own"]:
        return begin["own"]
    if begin["leak"]:
        return LEAK
    if begin["thread"]:
        return begin["thread"].strip()
    if begin["fuzzer"]:
        return "hang" if begin["fuzzer"].startswith("timeout") else begin["fuzzer"].strip()
    if begin["check"]:  # of its printf: a conversion was not over where the format was
        return "format-string" if "_format" in begin["check"] else "failed check of the sanitizer"
    if begin["undefined"]:
        return _undefined(begin["undefined"])
    summary = re.search(r"SUMMARY: \w+Sanitizer: (\S+)", told)
    kind = summary[1] if summary is not None else begin["address"].split(" on ")[0]
    if kind == "use-after-poison":  # an empty text is poisoned by hand, and is heap all the same
        kind = "heap-buffer-overflow"
    access = _ACCESS.search(told)
    return f"{kind} {(access[1] or access[2]).lower()}" if access is not None else kind


def _undefined(said: str) -> str:
    """Without the values, which differ from case to case."""
    said = re.sub(r"^-?(\d|inf|nan)\S* ", "", said)
    words = re.split(r": |0x| \d| -\d|'|, which| for ", said)[0]
    return words.strip().removesuffix(" of")
