"""How times are taken: many short samples of all contestants, mixed, each beside a probe.

A machine that is shared slows down by half for seconds at a time. So contestants take turns in an
order that is drawn anew each round, and beside each sample a fixed piece of work is timed, before
and after. A sample whose probe was slow says more of the machine than of the contestant: it is
taken again, a few times at most. What is left is a median.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .calls import Loop
from .clock import Clock


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something to time: `run(n)` does it n times.

    `net_of` names the contestant whose time is taken off: the same loop with nothing in it.
    `elapsed` says how long the last run took where that is not what the clock saw, in nanoseconds.
    `reset` runs after each sample, untimed. `count` is a fixed n; without it n is found out so that
    a sample is as long as planned.
    """

    name: str
    run: Loop
    net_of: str | None = None
    elapsed: Callable[[], int] | None = None
    reset: Callable[[], object] | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How many samples of which length, and which of them count."""

    samples: int = 120
    sample_ns: int = 300_000
    gate: float = 1.1
    """A sample counts if its probes took at most so many times the best probe."""
    retries: int = 12
    """So often a sample is taken again that does not count."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The time of one contestant, in nanoseconds for one time. `rejected` samples did not count;
    `noisy`: fewer than half of those planned did, and the median is of all there were."""

    name: str
    gross: float
    net: float
    low: float
    high: float
    samples: int
    rejected: int
    noisy: bool


@dataclass(slots=True)
class _Taken:
    """The samples of one contestant: pairs of the time for one, and the slower probe beside it."""

    contestant: Contestant
    count: int
    samples: list[tuple[float, int]] = field(default_factory=list)


def measure(
    contestants: Sequence[Contestant], clock: Clock, plan: Plan, seed: int = 0
) -> dict[str, Measured]:
    """Times all of them; the result is by their names."""
    order = random.Random(seed)
    best = min(clock.probe() for _ in range(20))
    taken = [_Taken(each, _count(each, clock, plan)) for each in contestants]
    for _ in range(plan.samples):
        for each in order.sample(taken, len(taken)):
            for _ in range(1 + plan.retries):
                time, probe = _sample(each.contestant, each.count, clock)
                each.samples.append((time, probe))
                best = min(best, probe)
                if probe <= best * plan.gate:
                    break
    found = {each.contestant.name: _conclude(each, best, plan) for each in taken}
    return {name: _net(found, measured, taken) for name, measured in found.items()}


def _count(contestant: Contestant, clock: Clock, plan: Plan) -> int:
    """How often it runs in a sample. The rounds that this takes warm it up as well."""
    count = contestant.count or 1
    time, _ = _sample(contestant, count, clock)
    while contestant.count is None and time * count < plan.sample_ns:
        count *= 2
        time, _ = _sample(contestant, count, clock)
    return count


def _sample(contestant: Contestant, count: int, clock: Clock) -> tuple[float, int]:
    before = clock.probe()
    begin = clock.now()
    contestant.run(count)
    time = clock.now() - begin
    after = clock.probe()
    if contestant.elapsed is not None:
        time = contestant.elapsed()
    if contestant.reset is not None:
        contestant.reset()
    return time / count, max(before, after)


def _conclude(taken: _Taken, best: int, plan: Plan) -> Measured:
    """`best` is that of the whole run: a sample that was taken before it may not count any more."""
    counted = [time for time, probe in taken.samples if probe <= best * plan.gate]
    noisy = 2 * len(counted) < plan.samples
    times = sorted(time for time, _ in taken.samples) if noisy else sorted(counted)
    low, middle, high = _quartiles(times)
    rejected = len(taken.samples) - len(counted)
    return Measured(taken.contestant.name, middle, middle, low, high, len(times), rejected, noisy)


def _quartiles(times: list[float]) -> tuple[float, float, float]:
    if len(times) == 1:
        return times[0], times[0], times[0]
    low, _, high = statistics.quantiles(times, n=4, method="inclusive")
    return low, statistics.median(times), high


def _net(found: dict[str, Measured], measured: Measured, taken: list[_Taken]) -> Measured:
    (empty,) = (t.contestant.net_of for t in taken if t.contestant.name == measured.name)
    if empty is None:
        return measured
    off = found[empty].gross
    return Measured(
        measured.name,
        measured.gross,
        measured.gross - off,
        measured.low - off,
        measured.high - off,
        measured.samples,
        measured.rejected,
        measured.noisy,
    )
