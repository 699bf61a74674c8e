"""What a process has: descriptors, children, mappings. A module that is closed leaves none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Left(NamedTuple):
    """Counts of this process; of descriptors those that are made for isolated modules."""

    descriptors: int
    children: int
    mappings: int

    @classmethod
    def now(cls) -> Left:
        maps = Path("/proc/self/maps").read_text(errors="surrogateescape")
        return cls(
            sum(map(is_shared, Path("/proc/self/fd").iterdir())),
            len(children_of(os.getpid())),
            maps.count("mesibo-module"),
        )


def is_shared(descriptor: Path) -> bool:
    """A socket to a zygote, or the memory of a channel."""
    try:
        return str(descriptor.readlink()).startswith(("socket:", "/memfd:mesibo-module"))
    except OSError:
        return False  # the one that is read from


def children_of(process: int) -> list[int]:
    """Of all its threads, and theirs, and so on."""
    found: list[int] = []
    try:
        files = list(Path(f"/proc/{process}/task").glob("*/children"))
    except OSError:
        return []  # it ended meanwhile
    for file in files:
        try:
            direct = [int(number) for number in file.read_text().split()]
        except OSError:
            continue
        found += direct
        for child in direct:
            found += children_of(child)
    return found
