"""What the core saw of a module on trial, and of a process that ended, as plain values."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Place(enum.IntEnum):
    """Where something that a module is handed lies (csrc/host.h: mh_place)."""

    ROOMY = 0
    """With zeros around it."""
    AT_END = 1
    """The byte behind its last one may not be touched."""
    AT_START = 2
    """The byte before its first one may not be touched."""


@dataclass(frozen=True, slots=True)
class Area:
    """Something that a module was handed (csrc/host.h: mh_area). Addresses; `low` to `high` is all
    that a fault there can hit."""

    name: str
    start: int
    size: int
    low: int
    high: int
    read_only: bool
    sealed: bool


def in_words(area: str) -> str:
    """The name of an area, for a sentence."""
    if area in ("to", "from"):
        return f"the address params->{area}"
    return area if area.startswith("the ") else f"the {area}"


@dataclass(frozen=True, slots=True)
class Spill:
    """A byte outside of an area that was written to; `offset` is from the start of that area."""

    name: str
    offset: int
    found: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a struct, at `offset` in bytes; `own`: the module's to write."""

    name: str
    offset: int
    own: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A struct of a revision; `words` is empty where only its size is known."""

    name: str
    size: int
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What ended a process (csrc/host.h: mh_fault): a signal, or exit(3) where `signal` is 0.

    `frames` are addresses, innermost first; all but the first are return addresses. `maps` is the
    text of /proc/self/maps. `writing` None: it is not known; `code` is that of siginfo_t. Not
    `whole`: the handler met a fault of its own, and the end is missing.
    """

    signal: int
    code: int
    address: int
    writing: bool | None
    frames: tuple[int, ...]
    maps: str
    whole: bool
