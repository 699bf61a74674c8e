"""Configurations: the items of a module, by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..vocabulary import NOTHING, Words
from .drawing import drawing_of, one_of, several, strategy_by, vocabulary
from .payloads import payload_by

_ABSURD = (
    "",
    "0",
    "-1",
    "1",
    "yes",
    "99999999999999999999",
    "1e400",
    "0x10",
    "%s%n",
    "/nowhere/at/all",
    "http://127.0.0.1:1/",
    "a,b,,c",
    "x" * 255,
    "x" * 256,
    "x" * 4096,
)


def configs(
    items: Mapping[str, str | SearchStrategy[str] | None] | None = None,
    *,
    names: Collection[str] = (),
    words: Words = NOTHING,
    complete: bool = False,
    usual: bool = False,
) -> SearchStrategy[dict[str, str]]:
    """What `config=` takes: each item there or absent, with its usual value or an absurd one.

    `items` has the usual values (a text, a strategy, or None: there is none); `names` are further
    items that the module reads. `complete`: none is absent. `usual`: where there is a usual value,
    it has that.
    """
    words = vocabulary(words)
    known = {**dict.fromkeys(several("names", names)), **(items or {})}
    drawn = {name: _value(value, words, usual=usual) for name, value in known.items()}
    if complete:
        return st.fixed_dictionaries(drawn)
    return st.fixed_dictionaries({}, optional=drawn)


def few_items(
    names: Collection[str], *, words: Words = NOTHING, most: int = 3
) -> SearchStrategy[dict[str, str]]:
    """The same, where any of hundreds of words may be the name of an item: at most so many of
    them."""
    if not names:
        return st.just({})
    chosen = st.lists(st.sampled_from(list(names)), max_size=most, unique=True)
    value = drawing_of(_value(None, words, usual=False))
    return strategy_by(lambda draw: {name: value(draw) for name in draw(chosen)})


def _value(
    value: str | SearchStrategy[str] | None, words: Words, *, usual: bool
) -> SearchStrategy[str]:
    if usual and value is not None:
        return value if isinstance(value, SearchStrategy) else st.just(value)
    usually = [] if value is None else [drawing_of(value)]
    text = payload_by(words=words, text=True, nul=False, max_size=512)
    return strategy_by(one_of(usually, _ABSURD, [lambda draw: text(draw).decode()]))
