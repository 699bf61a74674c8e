"""Runs trials, one after the other, and gathers what they come to."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase

from ..errors import InputError
from .machine import this_machine
from .paths import TRIALS
from .reach import Reach
from .results import Comparison, Figure, Outcome, Report
from .sampling import Measured, measure
from .trial import BASELINES, Trial
from .workshop import Workshop, open_workshop

Say = Callable[[str], object]


def chosen(pattern: str | None) -> tuple[Trial, ...]:
    """The trials whose names match: a part of the name, or a pattern with `*`. Raises InputError
    where none does."""
    if pattern is None:
        return TRIALS
    wanted = pattern if set(pattern) & set("*?[") else f"*{pattern}*"
    found = tuple(trial for trial in TRIALS if fnmatchcase(trial.name, wanted))
    if not found:
        raise InputError(
            f"bench: no path matches {pattern!r}",
            detail=f"expected one of: {', '.join(trial.name for trial in TRIALS)}",
            hint="`mesibo-abi bench --list` says what each is",
        )
    return found


def run(trials: Sequence[Trial], *, quick: bool, say: Say) -> Report:
    """Runs them. `say` is told what is going on."""
    with open_workshop(quick=quick, say=say) as shop:
        for sentence in shop.missing:
            say(sentence)
        outcomes = tuple(_run(trial, shop, say) for trial in trials)
        return Report(this_machine(), quick, shop.missing, outcomes)


def _run(trial: Trial, shop: Workshop, say: Say) -> Outcome:
    absent = trial.absent()
    if absent is not None:
        say(f"{trial.name}: left out: {absent}")
        return Outcome(trial.name, trial.title, trial.what, absent=absent)
    say(f"{trial.name}: {trial.title}")
    with trial.prepare(shop) as contestants, _no_collection():
        found = measure(contestants, shop.clock, trial.quick if shop.quick else trial.plan)
    return conclude(trial, found, this_machine().python)


@contextmanager
def _no_collection() -> Iterator[None]:
    """The garbage collector would run in the samples of whoever makes objects next."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def conclude(trial: Trial, found: Mapping[str, Measured], python: str) -> Outcome:
    """The figures of a trial, judged for that version of Python."""
    figures = tuple(
        Figure(
            name,
            round(measured.net, 2),
            round(measured.low, 2),
            round(measured.high, 2),
            round(measured.gross, 2),
            measured.samples,
            measured.rejected,
            measured.noisy,
            name in BASELINES,
        )
        for name, measured in found.items()
    )
    comparisons = tuple(
        comparison
        for reach in trial.reaches
        if (comparison := _compare(reach, found, python)) is not None
    )
    return Outcome(trial.name, trial.title, trial.what, figures, comparisons)


def _compare(reach: Reach, found: Mapping[str, Measured], python: str) -> Comparison | None:
    value = reach.value(found)
    if value is None:
        return None
    return Comparison(
        reach.of,
        reach.against,
        str(reach.kind),
        value,
        reach.limit(python),
        reach.is_reached(value, python),
    )
