"""Cases that Hypothesis makes up."""

from __future__ import annotations

from collections.abc import Collection

from ..strategies import Vocabulary, cases, configs, kinds_of  # first: it says what to install
from ..strategies.configs import few_items
from ..types import Revision
from .case import Case

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings  # isort: skip
from hypothesis import strategies as st  # isort: skip


def made_up(
    count: int,
    number: int,
    vocabulary: Vocabulary,
    revision: Revision,
    callbacks: Collection[str],
    items: Collection[str],
    names: Collection[str] = (),
) -> list[Case]:
    """Up to so many, the same for the same `number`, of events that there are `callbacks` for.
    `items` are those that the module is given; of `names`, which may be those of others, a case has
    a few, or none."""
    found: list[Case] = []
    given_items = configs(names=items, words=vocabulary)
    others = few_items([name for name in names if name not in items], words=vocabulary)
    config = st.builds(lambda few, given: few | given, others, given_items)
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
