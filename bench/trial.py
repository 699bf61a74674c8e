"""A trial: one path through this package, beside others that do the same work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ..errors import Error
from .calls import NOTHING, Call
from .reach import Reach
from .sampling import Contestant, Plan
from .workshop import Workshop

Prepare = Callable[[Workshop], AbstractContextManager[Sequence[Contestant]]]

EMPTY = "empty loop"
EMPTY_C = "empty loop in C"
BASELINES = frozenset({EMPTY, EMPTY_C})

PART = "part: "
"""Begins the name of a contestant that is a part of this package's path: where its time goes."""

CALLS = Plan()
QUICK_CALLS = Plan(samples=15, retries=6)


@dataclass(frozen=True, slots=True)
class Trial:
    """`title` is the row of the table of what is to be reached, `what` a sentence about what is
    timed. `prepare` checks that all do the same work, and gives the contestants. `absent` says why
    the trial cannot be made here."""

    name: str
    title: str
    what: str
    prepare: Prepare
    reaches: tuple[Reach, ...]
    plan: Plan = CALLS
    quick: Plan = QUICK_CALLS
    absent: Callable[[], str | None] = lambda: None


def agree(results: Mapping[str, object], work: object) -> None:
    """Raises Error unless all results are the same."""
    if len(set(map(repr, results.values()))) > 1:
        found = ", ".join(f"{name} {result!r}" for name, result in results.items())
        raise Error(
            "the benchmark's peers do not do the same work",
            detail=f"expected one result for {work!r}, found: {found}",
            hint="nothing was timed: mend the peer that differs",
        )


def contestants(
    shop: Workshop, calls: Mapping[str, Call | None], times: int = 1
) -> list[Contestant]:
    """Those who have a call, and the empty loops whose time is taken off."""
    found = [
        Contestant(EMPTY, NOTHING.loop()),
        Contestant(EMPTY_C, lambda n: shop.raw.lib.raw_empty_loop(n)),
    ]
    for name, call in calls.items():
        if call is not None:
            empty = EMPTY if call.own_loop is None else EMPTY_C
            found.append(Contestant(name, call.loop(times), net_of=empty))
    return found
