"""Cases as Hypothesis makes them up."""

from __future__ import annotations

from hypothesis import strategies as st

from mesibo_abi import Message
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case, Reload, Reply
from mesibo_abi.types import WORDS, User

NUMBERS = st.just(0) | st.integers(0, 2**64 - 1)
STRINGS = st.binary(max_size=20).map(
    lambda data: data.replace(b"\0", b"").decode("utf-8", "surrogateescape")
)
MESSAGES = st.builds(
    lambda payload, to, from_, words: Message(
        payload,
        to=None if to is None else to.encode("utf-8", "surrogateescape"),
        from_=None if from_ is None else from_.encode("utf-8", "surrogateescape"),
        **words,
    ),
    st.binary(max_size=40),
    st.none() | STRINGS,
    st.none() | STRINGS,
    st.dictionaries(st.sampled_from(WORDS), NUMBERS, max_size=3),
)
EVENTS = st.one_of(
    st.builds(Event, st.just(EventKind.MESSAGE), MESSAGES),
    st.builds(
        lambda message, status: Event(
            EventKind.STATUS, message.replace(payload=b"", status=0), status
        ),
        MESSAGES,
        NUMBERS,
    ),
    st.just(Event(EventKind.CALL)),
    st.just(Event(EventKind.CALL_STATUS)),
    st.builds(
        lambda address, online, flags: Event(EventKind.LOGIN, user=User(address, online, flags)),
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
        st.booleans(),
        NUMBERS,
    ),
    st.builds(
        lambda number, data: Event(EventKind.CONFIG, type=number, data=data),
        NUMBERS,
        st.none() | st.binary(max_size=20),
    ),
)
REPLIES = st.builds(
    Reply,
    st.binary(max_size=40),
    st.integers(0, 2**16 - 1),
    st.none() | st.text("abc/;=é", max_size=20),
    st.integers(0, 2**16 - 1),
    st.booleans(),
)
ITEMS = st.dictionaries(
    st.text("abcé_", min_size=1, max_size=6),
    STRINGS.filter(lambda text: all(ord(c) >= 32 and ord(c) != 127 for c in text)),
    max_size=3,
)
CASES = st.builds(
    Case, st.lists(EVENTS | REPLIES | st.just(Reload()), max_size=8).map(tuple), ITEMS
)
