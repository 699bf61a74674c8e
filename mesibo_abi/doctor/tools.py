"""What was looked for, and what was found."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Area(enum.StrEnum):
    """What it belongs to."""

    COMPILERS = "compilers"
    SANITIZERS = "sanitizers"
    FUZZERS = "fuzzers"
    DEBUGGERS = "debuggers"
    TESTING = "testing"
    EXTRAS = "extras"


class State(enum.StrEnum):
    """How it stands with it."""

    FOUND = "found"
    """It is there, and works as far as that was tried."""
    SPARED = "spared"
    """It is not there, and another one that is does its work."""
    MISSING = "missing"
    """It is not there."""
    BROKEN = "broken"
    """It is there, and does not do its work."""

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be done."""
        return self in (State.FOUND, State.SPARED)


@dataclass(frozen=True, slots=True)
class Tool:
    """One of them. `purpose` is what uses it. `detail` is what is wrong with it, or what stands in
    for it; `install` how to get it, where it is missing or broken. Empty: there is nothing to say,
    or it is not known."""

    area: Area
    name: str
    purpose: str
    state: State
    version: str = ""
    path: str = ""
    detail: str = ""
    install: str = ""
