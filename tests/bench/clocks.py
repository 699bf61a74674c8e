"""A clock that goes as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat

PROBE = 100


class FakeClock:
    """`probes` are the times of the probe, in turn, after those that the first look at the machine
    takes; then it takes PROBE."""

    def __init__(self, probes: Iterable[int] = ()) -> None:
        self.time = 0
        self.probes: Iterator[int] = chain(repeat(PROBE, 20), probes, repeat(PROBE))

    def now(self) -> int:
        return self.time

    def probe(self) -> int:
        return next(self.probes)

    def taking(self, each: int | Callable[[], int]) -> Callable[[int], None]:
        """Work of which one time takes so many nanoseconds."""

        def run(count: int) -> None:
            self.time += count * (each if isinstance(each, int) else each())

        return run
