"""Cases as the fuzz program reads them: csrc/fuzz/case.c says what stands where. Every input stands
for a case, and `encode` gives the shortest for one."""

from __future__ import annotations

import struct

from ..bridge.values import Message
from ..events import Event, EventKind
from ..types import WORDS, User
from .case import Case, Reload, Reply, Step

MOST_STEPS, MOST_ITEMS = 96, 256
"""Of a case, each; what comes behind more is not read."""
MOST_OF_A_TEXT = 0xFFFE
"""Bytes."""
_NULL = 0xFFFF
_HAS_TO = 1 << len(WORDS)
_HAS_FROM = 2 << len(WORDS)
_ONLINE, _HAS_FLAGS = 1, 2
_FAILS, _HAS_TYPE = 1, 2
_EVENTS = (
    EventKind.MESSAGE,
    EventKind.STATUS,
    EventKind.CALL,
    EventKind.CALL_STATUS,
    EventKind.LOGIN,
    EventKind.CONFIG,
)
_RELOAD, _REPLY, _ITEM, _KINDS = 6, 7, 8, 9


# -- out


def encode(case: Case) -> bytes:
    """The input that stands for a case. Texts are cut at 65,534 bytes."""
    items = (bytes([_ITEM]) + _string(name) + _string(value) for name, value in case.config.items())
    return b"".join([*items, *map(_step, case.steps)])


def _step(step: Step) -> bytes:
    match step:
        case Reload():
            return bytes([_RELOAD])
        case Reply():
            return bytes([_REPLY]) + _reply(step)
        case Event():
            return bytes([_EVENTS.index(step.kind)]) + _event(step)


def _reply(reply: Reply) -> bytes:
    typed = reply.content_type is not None
    bits = _FAILS * reply.fails | _HAS_TYPE * typed
    return (
        struct.pack("<HB", reply.status, bits)
        + (_string(reply.content_type) if typed else b"")
        + struct.pack("<H", reply.piece)
        + _text(reply.data)
    )


def _event(event: Event) -> bytes:
    match event.kind:
        case EventKind.CALL | EventKind.CALL_STATUS:
            return b""
        case EventKind.LOGIN:
            assert event.user is not None
            user = event.user
            bits = _ONLINE * user.online | _HAS_FLAGS * bool(user.flags)
            flags = struct.pack("<Q", user.flags) if user.flags else b""
            return bytes([bits]) + flags + _string(user.address)
        case EventKind.CONFIG:
            return struct.pack("<Q", event.type) + _text(event.data)
    assert event.message is not None
    params = _params(event.message)
    if event.kind is EventKind.MESSAGE:
        return params + _text(event.message.payload)
    return params + struct.pack("<Q", event.status)


def _params(message: Message) -> bytes:
    present, fields = 0, b""
    for place, name in enumerate(WORDS):
        if word := getattr(message, name):
            present |= 1 << place
            fields += struct.pack("<Q", word)
    if message.to != "":
        present |= _HAS_TO
        fields += _string(message.to)
    if message.from_ != "":
        present |= _HAS_FROM
        fields += _string(message.from_)
    return struct.pack("<H", present) + fields


def _string(text: str | None) -> bytes:
    return _text(None if text is None else text.encode("utf-8", "surrogateescape"))


def _text(data: bytes | None) -> bytes:
    if data is None:
        return struct.pack("<H", _NULL)
    data = data[:MOST_OF_A_TEXT]
    return struct.pack("<H", len(data)) + data


# -- in


def decode(data: bytes) -> Case:
    """The case that an input stands for."""
    source, steps, config = _Reader(data), list[Step](), dict[str, str]()
    items, others = 0, 0
    while source.at < len(data):
        kind = source.number(1) % _KINDS
        items, others = items + (kind == _ITEM), others + (kind != _ITEM)
        if items > MOST_ITEMS or others > MOST_STEPS:
            break
        if kind == _ITEM:
            name, value = (_item(source.string() or b"") for _ in range(2))
            if name:
                config[name] = value
        elif kind == _RELOAD:
            steps.append(Reload())
        elif kind == _REPLY:
            steps.append(_read_reply(source))
        else:
            steps.append(_read_event(_EVENTS[kind], source))
    return Case(tuple(steps), config)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def text(self) -> bytes | None:
        size = self.number(2)
        return None if size == _NULL else self._take(size)

    def string(self) -> bytes | None:
        """Up to its first NUL."""
        found = self.text()
        return None if found is None else found.partition(b"\0")[0]

    def _take(self, size: int) -> bytes:
        found = self._data[self.at : self.at + size]
        self.at += len(found)
        return found


def _read_reply(source: _Reader) -> Reply:
    status, bits = source.number(2), source.number(1)
    typed = _decoded(source.string() or b"") if bits & _HAS_TYPE else None
    piece = source.number(2)
    return Reply(source.text() or b"", status, typed, piece, bool(bits & _FAILS))


def _read_event(kind: EventKind, source: _Reader) -> Event:
    match kind:
        case EventKind.CALL | EventKind.CALL_STATUS:
            return Event(kind)
        case EventKind.LOGIN:
            bits = source.number(1)
            flags = source.number(8) if bits & _HAS_FLAGS else 0
            address = source.string()
            name = None if address is None else _decoded(address)
            return Event(kind, user=User(name, bool(bits & _ONLINE), flags))
        case EventKind.CONFIG:
            number = source.number(8)
            return Event(kind, type=number, data=source.text())
    present = source.number(2)
    words = {name: source.number(8) for place, name in enumerate(WORDS) if present >> place & 1}
    to = source.string() if present & _HAS_TO else b""
    from_ = source.string() if present & _HAS_FROM else b""
    if kind is EventKind.MESSAGE:
        return Event(kind, _message(source.text() or b"", to, from_, words))
    words.pop("status", None)  # the event says it
    return Event(kind, _message(b"", to, from_, words), source.number(8))


def _message(
    payload: bytes, to: bytes | None, from_: bytes | None, words: dict[str, int]
) -> Message:
    return Message(payload, to=to, from_=from_).replace(**words)


def _item(text: bytes) -> str:
    """No control characters, as in a file."""
    return _decoded(bytes(32 if byte < 32 or byte == 127 else byte for byte in text))


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
