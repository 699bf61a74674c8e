"""Messages and their params."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..bridge.values import Message
from ..types import WORDS, MessageFields, Revision
from ..vocabulary import NOTHING, Words
from .drawing import Drawing, drawing_of, one_of, strategy_by
from .numbers import EDGES, FLAGS, NUMBERS, STATUSES
from .payloads import address_by, payload_by

_ONLY_SDK2020 = frozenset({"status", "sid", "device"})
FIELDS = frozenset({"to", "from_", "to_online", "module", *WORDS})
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
    return strategy_by(params_by(words=words, text=text, revision=revision, **fields))


def params_by(
    *, words: Words, text: bool, revision: Revision | str, **fields: Any
) -> Drawing[MessageFields]:
    """The same, as a function."""
    check_fields("a message", fields, FIELDS)
    address = address_by(words=words, text=text)
    fixed = {name: value for name, value in fields.items() if not _is_drawn(value)}
    drawn = {name: drawing_of(value) for name, value in fields.items() if _is_drawn(value)}
    drawn |= {name: address for name in ("to", "from_") if name not in fields}
    free = [name for name in _words_of(Revision(revision)) if name not in _same_as(fields)]
    some = _some_words_by(free) if free else None

    def params(draw: st.DrawFn) -> MessageFields:
        made = {name: drawing(draw) for name, drawing in drawn.items()}
        # Its keys are those of MessageFields, which no type can tell.
        return {**fixed, **made, **(some(draw) if some else {})}  # type: ignore[typeddict-item]

    return params


def _is_drawn(value: Any) -> bool:
    return isinstance(value, SearchStrategy)


def _words_of(revision: Revision) -> list[str]:
    return [name for name in WORDS if revision is Revision.SDK2020 or name not in _ONLY_SDK2020]


def _same_as(given: dict[str, Any]) -> set[str]:
    """Fields that have their value: `to_online` and `uflags` are one word."""
    return {*given, "uflags"} if "to_online" in given else set(given)


def _some_words_by(names: list[str]) -> Drawing[dict[str, int]]:
    """Most often none, or one at an edge."""
    edges = [{name: value} for name in names for value in _EDGES_OF.get(name, EDGES)]
    word = st.tuples(st.sampled_from(names), NUMBERS)
    several = st.lists(word, max_size=4)

    def some(draw: st.DrawFn) -> dict[str, int]:
        return dict(draw(several))

    return one_of([{}], [{}], edges, edges, [some])


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
    return strategy_by(
        message_by(
            payload=payload,
            words=words,
            min_size=min_size,
            max_size=max_size,
            text=text,
            revision=revision,
            **fields,
        )
    )


def message_by(
    *,
    payload: SearchStrategy[bytes] | SearchStrategy[str] | bytes | str | None = None,
    words: Words,
    min_size: int = 0,
    max_size: int,
    text: bool,
    revision: Revision | str,
    **fields: Any,
) -> Drawing[Message]:
    """The same, as a function."""
    params = params_by(words=words, text=text, revision=revision, **fields)
    content: Drawing[Any] = (
        payload_by(words=words, min_size=min_size, max_size=max_size, text=text)
        if payload is None
        else drawing_of(payload)
    )

    def message(draw: st.DrawFn) -> Message:
        return Message(content(draw), **params(draw))

    return message


def check_fields(what: str, fields: Collection[str], known: Collection[str]) -> None:
    """Raises TypeError for one that is not known."""
    for name in fields:
        if name not in known:
            raise TypeError(
                f"{what} has no field {name!r}: expected {', '.join(sorted(known))}; name one of "
                "them"
            )
