"""Names and lines by addr2line, of the binutils."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from .names import Names, innermost

_TOOL = "addr2line"
_PATIENCE = 10.0  # seconds for one file
_UNKNOWN = "??"


def installed() -> bool:
    """Whether there is one."""
    return shutil.which(_TOOL) is not None


Answers = dict[tuple[Path, int], Names]


def ask(offsets: Mapping[Path, Sequence[int]]) -> Callable[[], Answers]:
    """Asks for the addresses of these files, by a process for each file, all at once; what they say
    is for who calls what is returned. C++ names are as the linker has them."""
    running = [(file, wanted, _start(file, wanted)) for file, wanted in offsets.items()]
    return lambda: _collected(running)


def _collected(running: Sequence[tuple[Path, Sequence[int], subprocess.Popen[str]]]) -> Answers:
    named = {}
    for file, wanted, process in running:
        try:
            text, _ = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
        for offset, names in zip(wanted, _answers(text), strict=False):
            named[file, offset] = names
    return named


def _start(file: Path, offsets: Iterable[int]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [_TOOL, "-a", "-i", "-f", "-e", str(file), *map(hex, offsets)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="surrogateescape",
    )


def _answers(text: str) -> Iterator[Names]:
    """One for each address: its line, then a function and a place for each that was inlined into
    the next."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("0x"):
            lines.append(line)
        elif lines:
            yield _names(lines)
            lines = []
    if lines:
        yield _names(lines)


def _names(lines: Sequence[str]) -> Names:
    return innermost([_one(*pair) for pair in zip(lines[::2], lines[1::2], strict=False)])


def _one(name: str, place: str) -> Names:
    source, _, number = place.split(" (discriminator")[0].rpartition(":")
    function = None if name == _UNKNOWN else name
    if source in (_UNKNOWN, "") or not number.isdigit() or number == "0":
        return Names(function)
    return Names(function, Path(source), int(number))
