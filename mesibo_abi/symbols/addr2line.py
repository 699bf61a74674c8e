"""Names and lines by addr2line, of the binutils: it knows inlined functions and C++ names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from .names import Names

_TOOL = "addr2line"
_PATIENCE = 10.0  # seconds for one file
_UNKNOWN = "??"
_SYSTEM = ("/usr/include/", "/usr/lib/")


def installed() -> bool:
    """Whether there is one."""
    return shutil.which(_TOOL) is not None


def ask(offsets: Mapping[Path, Sequence[int]]) -> dict[tuple[Path, int], Names]:
    """What it says of the addresses of these files: a process for each file, all at once."""
    running = [
        (file, wanted, _start(file, wanted)) for file, wanted in offsets.items() if file.exists()
    ]
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
        [_TOOL, "-a", "-i", "-f", "-C", "-e", str(file), *map(hex, offsets)],
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
    """The innermost of the functions there, those of the system's headers left out."""
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    first = next((n for n, pair in enumerate(pairs) if not pair[1].startswith(_SYSTEM)), 0)
    inner, *callers = (_one(*pair) for pair in pairs[first:])
    outer = callers[-1].function if callers else inner.function
    return inner._replace(outer=outer, callers=tuple(callers))


def _one(name: str, place: str) -> Names:
    source, _, number = place.split(" (discriminator")[0].rpartition(":")
    function = None if name == _UNKNOWN else name
    if source in (_UNKNOWN, "") or not number.isdigit() or number == "0":
        return Names(function)
    return Names(function, Path(source), int(number))
