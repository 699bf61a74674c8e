"""Where the files of a process are mapped, and from an address of it to a place in a file."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .frames import Place
from .tables import segments


@dataclass(frozen=True, slots=True)
class Mapping:
    """A line of /proc/<pid>/maps: a part of a file, `offset` bytes from its start."""

    start: int
    end: int
    offset: int
    path: Path | None


def read_maps(text: str) -> list[Mapping]:
    """The mappings of a process, in the order of their addresses; a line that was cut is left
    out."""
    found = []
    for line in text.splitlines():
        words = line.split(maxsplit=5)
        if len(words) < 5 or "-" not in words[0]:
            continue
        start, end = (int(word, 16) for word in words[0].split("-"))
        path = Path(words[5]) if len(words) == 6 and words[5].startswith("/") else None
        found.append(Mapping(start, end, int(words[2], 16), path))
    return found


def places(addresses: Sequence[int], maps: Sequence[Mapping]) -> list[Place]:
    """Of a stack, innermost first. All but the first are return addresses: what called stands one
    instruction before."""
    return [place_at(address, depth, maps) for depth, address in enumerate(addresses)]


def place_at(address: int, depth: int, maps: Sequence[Mapping]) -> Place:
    """One of them; `depth` counts from 0."""
    looked_up = address - (depth > 0)
    at = bisect.bisect_right(maps, looked_up, key=lambda mapping: mapping.start) - 1
    if at < 0 or looked_up >= maps[at].end:
        return Place(address, address, None)
    mapping = maps[at]
    if mapping.path is None:
        return Place(address, address, None)
    in_file = looked_up - mapping.start + mapping.offset
    return Place(address, _in_symbols(mapping.path, in_file), mapping.path)


def _in_symbols(path: Path, offset: int) -> int:
    """From a place in the file to the address that its symbols have."""
    for file_start, size, address in segments(path):
        if file_start <= offset < file_start + size:
            return offset - file_start + address
    return offset
