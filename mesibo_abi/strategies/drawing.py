"""Values made of few draws. What an example costs Hypothesis is draws, and strategies that lie in
one another: so whatever is fixed stands in one table that one draw takes from, and what is made is
made by functions that draw, with one strategy around the outermost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..vocabulary import Vocabulary, Words

T = TypeVar("T")

Drawing: TypeAlias = Callable[[st.DrawFn], T]
"""A function that makes a value of what it draws."""


def strategy_by(drawing: Drawing[T]) -> SearchStrategy[T]:
    """The strategy for what a function makes."""
    return st.composite(drawing)()


def one_of(*groups: Iterable[Any]) -> Drawing[Any]:
    """With one draw a value of several groups, each as likely as the others; the first are the
    simplest. What can be called is a function that makes one."""
    lists = [found for group in groups if (found := list(group))]
    longest = max(map(len, lists))
    which = st.sampled_from([each for group in lists for each in _filled(group, longest)])

    def made(draw: st.DrawFn) -> Any:
        found = draw(which)
        return found(draw) if callable(found) else found

    return made


def _filled(group: list[Any], size: int) -> list[Any]:
    return (group * -(-size // len(group)))[:size]


def drawing_of(value: Any) -> Drawing[Any]:
    """Of what a keyword was given: a strategy, or a value that there is no draw for."""
    if isinstance(value, SearchStrategy):
        return lambda draw: draw(value)
    return lambda _: value


def vocabulary(words: Words) -> Vocabulary:
    """Of what a keyword `words` was given. Raises TypeError for one word that is not in a list."""
    return words if isinstance(words, Vocabulary) else Vocabulary.given(several("words", words))


def several(what: str, values: Collection[T]) -> Collection[T]:
    """What a keyword was given that takes several. One text is a collection too, of letters, which
    nobody means: raises TypeError."""
    if isinstance(values, str | bytes):
        one = values if isinstance(values, bytes) else str(values)  # it may be an EventKind
        raise TypeError(
            f"{what} is of the wrong type: expected several, got {one!r}; pass a list, [{one!r}]"
        )
    return values
