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
from .drawing import Drawing, drawing_of, one_of, several, strategy_by
from .messages import FIELDS, check_fields, message_by, params_by
from .numbers import STATUSES, number
from .payloads import address_by, payload_by

KINDS = {
    Revision.DOC2019: tuple(EventKind)[:4],
    Revision.SDK2019: tuple(EventKind)[:5],
    Revision.SDK2020: tuple(EventKind),
}
"""The kinds that modules of a revision have a callback for."""

_ONLY_EVENTS = frozenset({"user", "data"})
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
    payload: SearchStrategy[bytes] | SearchStrategy[str] | bytes | str | None = None,
    **fields: Any,
) -> SearchStrategy[Event]:
    """Events of these kinds (all that the revision has), half of them messages. `payload` is that
    of messages. `fields` are those of an Event and of the params of messages and statuses, each a
    value or a strategy, for all kinds that have a field of that name: `status` is the code of
    statuses and the word of messages, `type` the word of either and what a config event is about,
    `data` comes with that, and `user` is who logs in.

    Raises ValueError for a kind that the revision does not have, and TypeError for a field that no
    event has, or for a user that is none.
    """
    made = _makers(
        words=words,
        max_size=max_size,
        text=text,
        revision=Revision(revision),
        payload=payload,
        **fields,
    )
    wanted = [made[kind] for kind in _wanted(Revision(revision), kinds)]
    messages = wanted[:1] if wanted[0] is made[EventKind.MESSAGE] else []
    return strategy_by(one_of(messages, wanted[len(messages) :]))


def _makers(
    *, words: Words, max_size: int, text: bool, revision: Revision, payload: Any, **fields: Any
) -> dict[EventKind, Drawing[Event]]:
    """For each kind."""
    check_fields("an event", fields, FIELDS | _ONLY_EVENTS)
    of_params = {name: value for name, value in fields.items() if name not in _ONLY_EVENTS}
    about = {"words": words, "text": text, "revision": revision, **of_params}
    content = message_by(payload=payload, max_size=max_size, **about)
    params = params_by(**{**about, "status": 0})  # what it is of a status is the event's own
    code = _given("status", fields, one_of(STATUSES, [number]))
    kind = _given("type", fields, number)
    some_data = payload_by(words=words, max_size=max_size, text=text)
    data = _given("data", fields, one_of([None], [some_data]))
    _check_user(fields)
    user = _given("user", fields, _user_by(words))

    def message(draw: st.DrawFn) -> Event:
        return Event(EventKind.MESSAGE, content(draw))

    def status(draw: st.DrawFn) -> Event:
        return Event(EventKind.STATUS, Message(b"", **params(draw)), code(draw))

    def call(_: st.DrawFn) -> Event:
        return Event(EventKind.CALL)

    def call_status(_: st.DrawFn) -> Event:
        return Event(EventKind.CALL_STATUS)

    def login(draw: st.DrawFn) -> Event:
        return Event(EventKind.LOGIN, user=user(draw))

    def config(draw: st.DrawFn) -> Event:
        return Event(EventKind.CONFIG, type=kind(draw), data=_as_data(data(draw)))

    return dict(zip(EventKind, (message, status, call, call_status, login, config), strict=True))


def _given(field: str, fields: dict[str, Any], usual: Drawing[Any]) -> Drawing[Any]:
    return drawing_of(fields[field]) if field in fields else usual


def _as_data(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def _check_user(fields: dict[str, Any]) -> None:
    given = fields.get("user", User(None))
    if not isinstance(given, User | SearchStrategy):
        raise TypeError(
            f"user is {given!r}: expected a mesibo_abi.User or a strategy for them; such as "
            f"user=User({given!r})"
        )


def _user_by(words: Words) -> Drawing[User]:
    address = address_by(words=words, text=True)
    return lambda draw: User(address(draw), draw(_ONLINE), number(draw))


def _wanted(revision: Revision, kinds: Collection[EventKind | str] | None) -> tuple[EventKind, ...]:
    has = KINDS[revision]
    if kinds is None:
        return has
    for kind in several("kinds", kinds):
        if kind not in has:
            raise ValueError(
                f"{revision} has no event {str(kind)!r}: expected {', '.join(has)}; name one of "
                "them, or another revision"
            )
    if not kinds:
        raise ValueError("there is no event of no kind: expected one or more; leave out kinds")
    return tuple(kind for kind in has if kind in kinds)
