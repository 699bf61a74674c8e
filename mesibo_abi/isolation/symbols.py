"""The frames of a report: many addresses of a few files, each file asked for once with addr2line,
as a process for each address would take longer than all the rest."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..symbols import locate

_PATIENCE = 10.0  # seconds for one addr2line
_UNKNOWN = "??"


@dataclass(frozen=True, slots=True)
class Place:
    """An address of a dead process: `address` there, `offset` in `file` (None: in no file)."""

    address: int
    offset: int
    file: Path | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a backtrace. `function` is None where nothing names it, `source` and `line` where
    there is no debugging information; `file` is the library or program, None where the address was
    in none; `offset` the address in it."""

    address: int
    file: Path | None
    offset: int
    function: str | None
    source: Path | None
    line: int | None

    def __str__(self) -> str:
        name = self.function or "??"
        if self.source is not None:
            return f"{name} at {self.source.name}:{self.line}"
        where = "no file" if self.file is None else f"{self.file.name}+{self.offset:#x}"
        return f"{name} in {where}"


class _Names(NamedTuple):
    function: str | None
    source: Path | None
    line: int | None


_NOTHING = _Names(None, None, None)


def symbolize(places: Sequence[Place]) -> tuple[Frame, ...]:
    """A frame for each place."""
    offsets: dict[Path, list[int]] = {}
    for place in places:
        if place.file is not None and place.offset not in offsets.setdefault(place.file, []):
            offsets[place.file].append(place.offset)
    named = _by_addr2line(offsets) if shutil.which("addr2line") else _one_by_one(offsets)
    return tuple(
        Frame(at.address, at.file, at.offset, *named.get((at.file, at.offset), _NOTHING))
        for at in places
    )


_Named = dict[tuple[Path | None, int], _Names]


# -- addr2line


def _by_addr2line(offsets: dict[Path, list[int]]) -> _Named:
    running = [
        (file, wanted, _start(file, wanted)) for file, wanted in offsets.items() if file.exists()
    ]
    named: _Named = {}
    for file, wanted, process in running:
        try:
            text, _ = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
        lines = text.splitlines()
        for offset, function, source in zip(wanted, lines[::2], lines[1::2], strict=False):
            named[file, offset] = _names(function, source)
    return named


def _start(file: Path, offsets: Iterable[int]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["addr2line", "-f", "-C", "-e", str(file), *map(hex, offsets)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="surrogateescape",
    )


def _names(function: str, source: str) -> _Names:
    path, _, number = source.partition(" (discriminator")[0].rpartition(":")
    known = path not in (_UNKNOWN, "") and number.isdigit() and number != "0"
    return _Names(
        None if function == _UNKNOWN else function,
        Path(path) if known else None,
        int(number) if known else None,
    )


def _one_by_one(offsets: dict[Path, list[int]]) -> _Named:
    named: _Named = {}
    for file, wanted in offsets.items():
        for offset in wanted:
            found = locate(file, offset)
            source = None if found.file is None else Path(found.file)
            named[file, offset] = _Names(found.function, source, found.line)
    return named
