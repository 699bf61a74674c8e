"""What is to be reached: one figure against another, or by itself."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from .sampling import Measured


class Kind(enum.StrEnum):
    """How a figure is judged. Each is told in the words of a table."""

    TIMES = "times"
    """The time against another's, at most so many times."""
    RATE = "of the rate"
    """The rate against another's, at least so much of it."""
    MORE = "ns more"
    """The time over another's, at most."""
    NANOSECONDS = "ns"
    """The time, at most."""
    PER_SECOND = "a second"
    """The rate, at least."""


AT_MOST = frozenset({Kind.TIMES, Kind.MORE, Kind.NANOSECONDS})
"""Kinds whose limit is the most that there may be."""
IN_NANOSECONDS = frozenset({Kind.MORE, Kind.NANOSECONDS})


@dataclass(frozen=True, slots=True)
class Reach:
    """`limits` are those of CPython 3.11 and 3.13. `of` is whose figure it is, `against` whose it
    is compared with."""

    limits: tuple[float, float]
    of: str = "mesibo_abi"
    against: str | None = None
    kind: Kind = Kind.TIMES

    def limit(self, python: str) -> float | None:
        """The limit for that version of Python, "3.11.7"; None: there is none."""
        return dict(zip(("3.11", "3.13"), self.limits, strict=True)).get(
            ".".join(python.split(".")[:2])
        )

    def value(self, found: Mapping[str, Measured]) -> float | None:
        """What was measured; None: one of the two is missing."""
        if self.of not in found or (self.against is not None and self.against not in found):
            return None
        own = found[self.of].net
        if self.kind is Kind.NANOSECONDS:
            return own
        if self.kind is Kind.PER_SECOND:
            return 1e9 / own
        assert self.against is not None
        other = found[self.against].net
        if self.kind is Kind.MORE:
            return own - other
        return own / other if self.kind is Kind.TIMES else other / own

    def is_reached(self, value: float, python: str) -> bool | None:
        """None: there is no limit for that version."""
        limit = self.limit(python)
        if limit is None:
            return None
        return value <= limit if self.kind in AT_MOST else value >= limit
