"""What a process has: descriptors, children, mappings. A module that is closed leaves none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Left(NamedTuple):
    """Counts of this process, of what is made for isolated modules."""

    descriptors: int
    children: int
    mappings: int

    @classmethod
    def now(cls) -> Left:
        maps = Path("/proc/self/maps").read_text(errors="surrogateescape")
        return cls(
            sum(map(is_shared, Path("/proc/self/fd").iterdir())),
            len(workers()),
            maps.count("mesibo-module"),
        )


def is_shared(descriptor: Path) -> bool:
    """A socket to a zygote, or the memory of a channel."""
    try:
        kind, _, number = str(descriptor.readlink()).partition(":")
    except OSError:
        return False  # the one that is read from
    if kind == "socket":  # servers of other tests have those of other families
        return f" {number.strip('[]')} " in Path("/proc/self/net/unix").read_text()
    return number.startswith("mesibo-module")


def workers() -> list[int]:
    """Of this process: zygotes, each before its worker."""
    return [child for child in children_of(os.getpid()) if is_worker(child)]


def is_worker(process: int) -> bool:
    """Or a zygote, or a child that a module made."""
    try:
        return Path(f"/proc/{process}/comm").read_text().startswith("mesibo")
    except OSError:
        return False


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
