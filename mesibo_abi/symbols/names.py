"""What is known of an address in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_SYSTEM = ("/usr/include/", "/usr/lib/")


class Names(NamedTuple):
    """As the fields of a Frame; `place` is the source and line of the innermost function, also
    where that is left out."""

    function: str | None = None
    source: Path | None = None
    line: int | None = None
    outer: str | None = None
    callers: tuple[Names, ...] = ()
    place: tuple[Path | None, int | None] = (None, None)


def innermost(each: Sequence[Names]) -> Names:
    """Of functions that are inlined into each other, innermost first: those of the system's headers
    are left out, unless all are."""
    first = next((n for n, names in enumerate(each) if not _is_of_system(names)), 0)
    inner, *callers = each[first:]
    return inner._replace(outer=each[-1].function, callers=tuple(callers), place=each[0][1:3])


def _is_of_system(names: Names) -> bool:
    return names.source is not None and str(names.source).startswith(_SYSTEM)
