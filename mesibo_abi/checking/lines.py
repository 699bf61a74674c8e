"""What a module says, for people."""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def folded(lines: Iterable[str]) -> list[str]:
    """Lines that are the same one behind the other are one, and how often it came."""
    found = []
    for line, same in itertools.groupby(lines):
        count = sum(1 for _ in same)
        found.append(line if count == 1 else f"{line} ({count} times)")
    return found
