"""What a process holds, and whether it grows with the work it does."""

from __future__ import annotations

import ctypes
import gc
import os
import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path


class _Mallinfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def heap() -> int:
    """Bytes that C code has allocated and not freed."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo
    info = mallinfo2()
    return int(info.uordblks) + int(info.hblkhd)


def resident() -> int:
    """Bytes of memory in use."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def mappings() -> int:
    """How many mappings the process has."""
    return Path("/proc/self/maps").read_text().count("\n")


def descriptors() -> int:
    """How many descriptors are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


MEASURES = (heap, resident, mappings, descriptors)


def growth(work: Callable[[int], object], count: int, windows: int = 10) -> dict[str, float]:
    """Does `work(n)` for `count` in all, in windows, and returns how each measure grew a unit of
    work: the median over the windows but the first two, so that neither warming up nor one large
    allocation counts, and a leak, which is in every window, does."""
    each = count // windows
    found: list[list[int]] = []
    for _ in range(windows):
        work(each)
        gc.collect()
        found.append([measure() for measure in MEASURES])
    steps = [
        [after - before for before, after in zip(first, second, strict=True)]
        for first, second in pairwise(found[1:])
    ]
    medians = [statistics.median(step) / each for step in zip(*steps, strict=True)]
    return dict(zip((measure.__name__ for measure in MEASURES), medians, strict=True))
