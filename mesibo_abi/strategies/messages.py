"""Messages and their params."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..bridge.values import Message
from ..types import WORDS, MessageFields, Revision
from .numbers import EDGES, FLAGS, NUMBERS, STATUSES
from .payloads import addresses, payloads
from .vocabulary import NOTHING, Words

_ONLY_SDK2020 = frozenset({"status", "sid", "device"})
_FIELDS = frozenset({"to", "from_", "to_online", "module", *WORDS})
_EDGES_OF = {"flags": FLAGS, "status": STATUSES, "uflags": (1, *EDGES)}


def params(
    *,
    words: Words = NOTHING,
    text: bool = False,
    revision: Revision | str = Revision.SDK2020,
    **fields: Any,
) -> SearchStrategy[MessageFields]:
    """The keywords of a Message, but for its payload. Fields that are given are fixed, or are drawn
    from the strategy that is given: `params(to="bob", id=st.integers(1, 9))`. Of the others a few
    are not 0, of those that the `revision` has. `words` and `text` are as for addresses.

    Raises TypeError for a field that a message does not have.
    """
    _check_fields(fields)
    given = {name: strategy_of(value) for name, value in fields.items()}
    always = {
        "to": addresses(words=words, text=text),
        "from_": addresses(words=words, text=text),
        **given,
    }
    free = [name for name in _words_of(Revision(revision)) if name not in _same_as(given)]
    if not free:
        return st.fixed_dictionaries(always)  # type: ignore[return-value]
    return st.builds(_together, st.fixed_dictionaries(always), _some_words(free))


def _words_of(revision: Revision) -> list[str]:
    return [name for name in WORDS if revision is Revision.SDK2020 or name not in _ONLY_SDK2020]


def _same_as(given: dict[str, Any]) -> set[str]:
    """Fields that have their value: `to_online` and `uflags` are one word."""
    return {*given, "uflags"} if "to_online" in given else set(given)


def _some_words(names: list[str]) -> SearchStrategy[dict[str, int]]:
    """Most often none, or one at an edge: few draws, which are what an example costs."""
    edges = [{name: value} for name in names for value in _EDGES_OF.get(name, EDGES)]
    word = st.one_of([st.tuples(st.just(name), NUMBERS) for name in names])
    return st.one_of(st.just({}), st.sampled_from(edges), st.lists(word, max_size=4).map(dict))


def _together(fields: dict[str, Any], some: dict[str, Any]) -> MessageFields:
    # Its keys are those of MessageFields, which no type can tell.
    return {**fields, **some}  # type: ignore[typeddict-item]


def messages(
    *,
    payload: SearchStrategy[bytes] | SearchStrategy[str] | bytes | str | None = None,
    words: Words = NOTHING,
    min_size: int = 0,
    max_size: int = 4096,
    text: bool = False,
    revision: Revision | str = Revision.SDK2020,
    **fields: Any,
) -> SearchStrategy[Message]:
    """Messages with such payloads (or `payload`, a value or a strategy) and such params."""
    drawn = (
        payloads(words=words, min_size=min_size, max_size=max_size, text=text)
        if payload is None
        else strategy_of(payload)
    )
    return st.builds(_message, drawn, params(words=words, text=text, revision=revision, **fields))


def _message(payload: bytes | str, fields: MessageFields) -> Message:
    return Message(payload, **fields)


def strategy_of(value: Any) -> SearchStrategy[Any]:
    """The strategy, or one for the value alone."""
    return value if isinstance(value, SearchStrategy) else st.just(value)


def _check_fields(fields: dict[str, Any]) -> None:
    for name in fields:
        if name not in _FIELDS:
            raise TypeError(
                f"a message has no field {name!r}: expected {', '.join(sorted(_FIELDS))}; name one "
                "of them"
            )
