"""Strategies for messages and users: every field at its full range."""

from __future__ import annotations

from hypothesis import strategies as st

from mesibo_abi import Message, User

WORDS = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2**63, 2**64 - 1]))
# Any bytes but a NUL, so also what is not UTF-8, and as long as needs the heap.
ADDRESSES = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.binary(max_size=700).map(lambda value: value.replace(b"\0", b"")),
)
PAYLOADS = st.binary(max_size=5000)
NAMES = ("aid", "id", "refid", "groupid", "flags", "type", "expiry", "to_online")

MESSAGES = st.builds(
    Message,
    PAYLOADS,
    to=ADDRESSES,
    from_=ADDRESSES,
    aid=WORDS,
    id=WORDS,
    refid=WORDS,
    groupid=WORDS,
    flags=WORDS,
    type=WORDS,
    expiry=WORDS,
    to_online=WORDS,
)

ALL_FIELDS = st.builds(
    lambda message, status, sid, device: message.replace(status=status, sid=sid, device=device),
    MESSAGES,
    WORDS,
    WORDS,
    WORDS,
)
"""Those of the newest revision too."""


def text_of(address: str | bytes | None) -> str | None:
    """As the host gives it out."""
    if isinstance(address, bytes):
        return address.decode("utf-8", "surrogateescape")
    return address


USERS = st.builds(User, ADDRESSES.map(text_of), online=st.booleans(), flags=WORDS)


def sendable(message: Message) -> Message:
    """The same, with a group where it has no recipient: what goes out needs one of them."""
    return message if message.to or message.groupid else message.replace(groupid=1)


SENDABLE = MESSAGES.map(sendable)
