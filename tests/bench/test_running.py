"""Which trials run, and how they are judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from mesibo_abi.bench import running
from mesibo_abi.bench.machine import this_machine
from mesibo_abi.bench.paths import TRIALS
from mesibo_abi.bench.reach import Kind, Reach
from mesibo_abi.bench.results import Comparison
from mesibo_abi.bench.sampling import Contestant, Measured, Plan
from mesibo_abi.bench.trial import EMPTY, Trial
from mesibo_abi.bench.workshop import Workshop
from mesibo_abi.errors import InputError
from tests.tools import needs


def measured(name: str, net: float) -> Measured:
    return Measured(name, net + 4, net, net, net, 60, 0, False)


FOUND = {
    name: measured(name, net)
    for name, net in (("mesibo_abi", 20.0), ("C extension", 10.0), (EMPTY, 0.0))
}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("call", ["call", "call-released", "upcall", "upcall-released", "upcall-thread"]),
        ("call*", ["call", "call-released"]),
        ("upcall-thread", ["upcall-thread"]),
        ("l?g", ["log"]),
        ("batch-[124]*", ["batch-16", "batch-256", "batch-4096"]),
    ],
)
def test_trials_are_chosen_by_a_part_of_their_name_or_a_pattern(
    pattern: str, names: list[str]
) -> None:
    assert [trial.name for trial in running.chosen(pattern)] == names


def test_all_are_chosen_without_a_pattern() -> None:
    assert running.chosen(None) == TRIALS


def test_a_pattern_that_no_trial_matches() -> None:
    with pytest.raises(InputError) as caught:
        running.chosen("fly")
    assert str(caught.value).startswith(
        "bench: no path matches 'fly'\n  expected one of: call, call-released, chain, "
    )
    assert caught.value.hint == "`mesibo-abi bench --list` says what each is"


@pytest.mark.parametrize(
    ("reach", "python", "value", "reached"),
    [
        (Reach((1.4, 2.0), against="C extension"), "3.11.7", 2.0, False),
        (Reach((1.4, 2.0), against="C extension"), "3.13.0", 2.0, True),
        (Reach((1.4, 2.0), against="C extension"), "3.12.1", 2.0, None),
        (Reach((0.5, 0.9), against="C extension", kind=Kind.RATE), "3.11.7", 0.5, True),
        (Reach((0.5, 0.9), against="C extension", kind=Kind.RATE), "3.13.0", 0.5, False),
        (Reach((10, 9), against="C extension", kind=Kind.MORE), "3.11.0", 10.0, True),
        (Reach((10, 9), against="C extension", kind=Kind.MORE), "3.13.0", 10.0, False),
        (Reach((20, 19), kind=Kind.NANOSECONDS), "3.11.0", 20.0, True),
        (Reach((20, 19), kind=Kind.NANOSECONDS), "3.13.1", 20.0, False),
        (Reach((5e7, 6e7), kind=Kind.PER_SECOND), "3.11.7", 5e7, True),
        (Reach((5e7, 6e7), kind=Kind.PER_SECOND), "3.13.7", 5e7, False),
    ],
)
def test_a_goal_is_reached_or_not(
    reach: Reach, python: str, value: float, reached: bool | None
) -> None:
    assert reach.value(FOUND) == value
    assert reach.is_reached(value, python) is reached


def nothing(_: Workshop) -> Iterator[Sequence[Contestant]]:
    yield ()


def test_an_outcome_leaves_out_peers_that_are_missing() -> None:
    reaches = (Reach((1.4, 1.7), against="C extension"), Reach((1, 1), against="nanobind"))
    trial = Trial("x", "a path", "Words.", contextmanager(nothing), reaches)
    outcome = running.conclude(trial, FOUND, "3.13.0")
    assert outcome.comparisons == (
        Comparison("mesibo_abi", "C extension", "times", 2.0, 1.7, False),
    )
    assert [(each.name, each.net, each.gross, each.baseline) for each in outcome.figures] == [
        ("mesibo_abi", 20, 24, False),
        ("C extension", 10, 14, False),
        (EMPTY, 0, 4, True),
    ]


@needs("cc", "c++")
def test_a_run_tells_what_it_does_and_leaves_out(bench_cache: object) -> None:
    def absent() -> str:
        return "it is not there"

    @contextmanager
    def prepare(_: Workshop) -> Iterator[Sequence[Contestant]]:
        yield [Contestant("mesibo_abi", lambda _: None, count=1)]

    plan = Plan(samples=2, retries=0)
    here = Trial("here", "a path", "Words.", prepare, (), plan, plan)
    gone = Trial("gone", "another", "Words.", prepare, (), plan, plan, absent)
    said: list[str] = []
    report = running.run((here, gone), quick=True, say=said.append)
    assert said[-2:] == ["here: a path", "gone: left out: it is not there"]
    assert report.quick
    assert [outcome.name for outcome in report.outcomes] == ["here", "gone"]
    assert report.outcomes[0].figures[0].name == "mesibo_abi"
    assert report.outcomes[1].absent == "it is not there"


def test_this_machine_says_what_it_is() -> None:
    machine = this_machine()
    assert machine.python.startswith("3.")
    assert machine.cores > 0
    assert machine.cpu
    assert {"aiohttp", "msgspec"} <= set(machine.versions)
