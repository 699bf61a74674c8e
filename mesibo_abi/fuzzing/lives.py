"""Cases that Hypothesis makes up."""

from __future__ import annotations

from collections.abc import Collection

from ..strategies import Vocabulary, cases, configs, kinds_of  # first: it says what to install
from ..types import Revision
from .case import Case

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings  # isort: skip


def made_up(
    count: int,
    number: int,
    vocabulary: Vocabulary,
    revision: Revision,
    callbacks: Collection[str],
    items: tuple[str, ...],
) -> list[Case]:
    """Up to so many, the same for the same `number`, of events that there are `callbacks` for.
    `items` are those that the module may read."""
    found: list[Case] = []
    config = configs(names=items, words=vocabulary)
    kinds = kinds_of(callbacks) or None
    strategy = cases(words=vocabulary, revision=revision, config=config, kinds=kinds)

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def take(case: Case) -> None:
        found.append(case)

    take()
    return found
