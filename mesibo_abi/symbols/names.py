"""What is known of an address in a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Names(NamedTuple):
    """As the fields of a Frame."""

    function: str | None = None
    source: Path | None = None
    line: int | None = None
    outer: str | None = None
    callers: tuple[Names, ...] = ()
