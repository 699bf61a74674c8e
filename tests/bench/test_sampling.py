"""How times are taken, with a clock that goes as the test says."""

from __future__ import annotations

import pytest

from mesibo_abi.bench.sampling import Contestant, Measured, Plan, measure
from tests.bench.clocks import PROBE, FakeClock

PLAN = Plan(samples=5, sample_ns=1000, gate=1.1, retries=3)


def only(found: dict[str, Measured]) -> Measured:
    (one,) = found.values()
    return one


def test_the_median_of_one() -> None:
    clock = FakeClock()
    times = iter([1000, 5, 100, 7, 8, 6])  # the first is that of warming up
    run = clock.taking(lambda: next(times))
    found = only(measure([Contestant("x", run, count=1)], clock, PLAN))
    assert found == Measured("x", 7, 7, 6, 8, 5, 0, False)


def test_times_are_net_of_the_empty_loop() -> None:
    clock = FakeClock()
    contestants = [
        Contestant("empty", clock.taking(4)),
        Contestant("x", clock.taking(10), net_of="empty"),
    ]
    found = measure(contestants, clock, PLAN)
    assert found["x"] == Measured("x", 10, 6, 6, 6, 5, 0, False)
    assert found["empty"].net == found["empty"].gross == 4


def test_a_sample_is_as_long_as_planned() -> None:
    clock = FakeClock()
    counts: list[int] = []
    run = clock.taking(10)

    def counting(count: int) -> None:
        counts.append(count)
        run(count)

    measure([Contestant("x", counting)], clock, PLAN)
    assert counts == [1, 2, 4, 8, 16, 32, 64, 128, *[128] * PLAN.samples]


def test_a_count_that_is_given_stays() -> None:
    clock = FakeClock()
    counts: list[int] = []
    measure([Contestant("x", counts.append, count=7)], clock, PLAN)
    assert counts == [7] * (1 + PLAN.samples)


def test_a_sample_beside_a_slow_probe_is_taken_again() -> None:
    # Two probes a sample; the first two are those of warming up.
    slow = [PROBE, PROBE, 2 * PROBE, PROBE, PROBE, 2 * PROBE]
    clock = FakeClock(slow)
    times = iter([1, 50, 60, *[3] * 5])
    run = clock.taking(lambda: next(times))
    found = only(measure([Contestant("x", run, count=1)], clock, PLAN))
    assert found == Measured("x", 3, 3, 3, 3, 5, 2, False)


def test_taking_again_has_a_bound() -> None:
    clock = FakeClock([PROBE, PROBE, *[2 * PROBE] * 1000])
    found = only(measure([Contestant("x", clock.taking(8), count=1)], clock, PLAN))
    assert found.noisy
    assert found.gross == 8
    assert found.rejected == found.samples == PLAN.samples * (1 + PLAN.retries)


def test_a_better_probe_later_rules_out_what_was_taken_before() -> None:
    fast = PROBE // 2
    clock = FakeClock([PROBE] * 6 + [fast] * 100)
    times = iter([1, 20, 20, *[9] * 100])
    run = clock.taking(lambda: next(times))
    found = only(measure([Contestant("x", run, count=1)], clock, PLAN))
    assert (found.gross, found.samples, found.rejected) == (9, 3, 2)
    assert not found.noisy


def test_what_a_module_says_of_its_own_time_counts() -> None:
    clock = FakeClock()
    contestant = Contestant("x", clock.taking(99), elapsed=lambda: 500, count=100)
    assert only(measure([contestant], clock, PLAN)).gross == 5


def test_resetting_is_not_timed() -> None:
    clock = FakeClock()
    resets: list[int] = []

    def reset() -> None:
        clock.time += 1_000_000
        resets.append(clock.time)

    contestant = Contestant("x", clock.taking(5), reset=reset, count=10)
    assert only(measure([contestant], clock, PLAN)).gross == 5
    assert len(resets) == 1 + PLAN.samples


def test_all_take_turns_in_an_order_drawn_anew() -> None:
    turns: list[str] = []
    names = "abcdef"
    # No type is told for a name that a lambda binds.
    contestants = [Contestant(n, lambda _, n=n: turns.append(n), count=1) for n in names]  # type: ignore[misc]
    measure(contestants, FakeClock(), Plan(samples=20))
    rounds = [turns[at : at + 6] for at in range(6, len(turns), 6)]
    assert len(rounds) == 20
    assert all(sorted(each) == list(names) for each in rounds)
    assert len(set(map(tuple, rounds))) > 10


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_few_samples_have_quartiles_too(samples: int) -> None:
    clock = FakeClock()
    found = only(measure([Contestant("x", clock.taking(5))], clock, Plan(samples=samples)))
    assert (found.low, found.gross, found.high) == (5, 5, 5)
