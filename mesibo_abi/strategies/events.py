"""Whatever the host tells a module between its init and its cleanup."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..bridge.values import Message
from ..events import Event, EventKind
from ..types import Revision, User
from ..vocabulary import NOTHING, Words
from .drawing import Drawing, one_of, strategy_by
from .messages import message_by, params_by
from .numbers import STATUSES, number
from .payloads import address_by, payload_by

KINDS = {
    Revision.DOC2019: tuple(EventKind)[:4],
    Revision.SDK2019: tuple(EventKind)[:5],
    Revision.SDK2020: tuple(EventKind),
}
"""The kinds that modules of a revision have a callback for."""

_ONLINE = st.booleans()
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
    revision: Revision | str = Revision.SDK2020,
    words: Words = NOTHING,
    max_size: int = 4096,
    text: bool = False,
    **fields: Any,
) -> SearchStrategy[Event]:
    """Events of these kinds (all that the revision has), half of them messages. `fields` are those
    of messages and statuses, as for `params`.

    Raises ValueError for a kind that the revision does not have.
    """
    made = _makers(words=words, max_size=max_size, text=text, revision=Revision(revision), **fields)
    wanted = [made[kind] for kind in _wanted(Revision(revision), kinds)]
    messages = wanted[:1] if wanted[0] is made[EventKind.MESSAGE] else []
    return strategy_by(one_of(messages, wanted[len(messages) :]))


def _makers(
    *, words: Words, max_size: int, text: bool, revision: Revision, **fields: Any
) -> dict[EventKind, Drawing[Event]]:
    """For each kind."""
    about = {"words": words, "text": text, "revision": revision, **fields}
    content, params = message_by(max_size=max_size, **about), params_by(**about)
    address = address_by(words=words, text=True)
    code = one_of(STATUSES, [number])
    data = one_of([None], [payload_by(words=words, max_size=max_size)])

    def message(draw: st.DrawFn) -> Event:
        return Event(EventKind.MESSAGE, content(draw))

    def status(draw: st.DrawFn) -> Event:
        return Event(EventKind.STATUS, Message(b"", **params(draw)), code(draw))

    def call(_: st.DrawFn) -> Event:
        return Event(EventKind.CALL)

    def call_status(_: st.DrawFn) -> Event:
        return Event(EventKind.CALL_STATUS)

    def login(draw: st.DrawFn) -> Event:
        return Event(EventKind.LOGIN, user=User(address(draw), draw(_ONLINE), number(draw)))

    def config(draw: st.DrawFn) -> Event:
        return Event(EventKind.CONFIG, type=number(draw), data=data(draw))

    return dict(zip(EventKind, (message, status, call, call_status, login, config), strict=True))


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
