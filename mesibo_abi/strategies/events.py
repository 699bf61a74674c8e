"""Whatever the host tells a module between its init and its cleanup."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..bridge.values import Message
from ..events import Event, EventKind
from ..types import Revision, User
from .messages import messages, params
from .numbers import NUMBERS, STATUSES
from .payloads import addresses, payloads
from .vocabulary import NOTHING, Words

KINDS = {
    Revision.DOC2019: tuple(EventKind)[:4],
    Revision.SDK2019: tuple(EventKind)[:5],
    Revision.SDK2020: tuple(EventKind),
}
"""The kinds that modules of a revision have a callback for."""


_KIND_OF = {
    "on_message": EventKind.MESSAGE,
    "on_message_status": EventKind.STATUS,
    "on_call": EventKind.CALL,
    "on_call_status": EventKind.CALL_STATUS,
    "on_login": EventKind.LOGIN,
    "on_config": EventKind.CONFIG,
}


def kinds_of(callbacks: Collection[str]) -> tuple[EventKind, ...]:
    """The kinds that a module with these callbacks hears of."""
    return tuple(kind for name, kind in _KIND_OF.items() if name in callbacks)


def events(
    *,
    kinds: Collection[EventKind | str] | None = None,
    revision: Revision | str = Revision.DOC2019,
    words: Words = NOTHING,
    max_size: int = 4096,
    text: bool = False,
    **fields: Any,
) -> SearchStrategy[Event]:
    """Events of these kinds (all that the revision has), half of them messages. `fields` are those
    of messages and statuses, as for `params`.

    Raises ValueError for a kind that the revision does not have.
    """
    wanted = _wanted(Revision(revision), kinds)
    about = params(words=words, text=text, revision=revision, **fields)
    users = st.builds(User, addresses(words=words, text=True), st.booleans(), NUMBERS)
    statuses = st.sampled_from(STATUSES) | NUMBERS
    data = st.none() | payloads(words=words, max_size=max_size)
    made: dict[EventKind, SearchStrategy[Event]] = {
        EventKind.MESSAGE: messages(
            words=words, max_size=max_size, text=text, revision=revision, **fields
        ).map(lambda message: Event(EventKind.MESSAGE, message)),
        EventKind.STATUS: st.builds(
            lambda of, status: Event(EventKind.STATUS, Message(b"", **of), status), about, statuses
        ),
        EventKind.CALL: st.just(EventKind.CALL).map(Event),
        EventKind.CALL_STATUS: st.just(EventKind.CALL_STATUS).map(Event),
        EventKind.LOGIN: users.map(lambda user: Event(EventKind.LOGIN, user=user)),
        EventKind.CONFIG: st.builds(
            lambda type, data: Event(EventKind.CONFIG, type=type, data=data), NUMBERS, data
        ),
    }
    others = [made[kind] for kind in wanted if kind is not EventKind.MESSAGE]
    if EventKind.MESSAGE not in wanted:
        return st.one_of(others)
    return st.one_of(made[EventKind.MESSAGE], st.one_of(others)) if others else made[wanted[0]]


def _wanted(revision: Revision, kinds: Collection[EventKind | str] | None) -> tuple[EventKind, ...]:
    has = KINDS[revision]
    if kinds is None:
        return has
    for kind in kinds:
        if kind not in has:
            raise ValueError(
                f"{revision} has no event {str(kind)!r}: expected {', '.join(has)}; name one of "
                "them, or another revision"
            )
    if not kinds:
        raise ValueError("there is no event of no kind: expected one or more; leave out kinds")
    return tuple(kind for kind in has if kind in kinds)
