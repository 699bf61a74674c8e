"""Events and messages as JSON records, and back."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from .bridge.values import Message
from .events import Event, EventKind
from .text import utf8
from .types import WORDS, User

Text: TypeAlias = str | UnsetType
Address: TypeAlias = str | UnsetType | None
Bytes: TypeAlias = bytes | UnsetType  # in JSON: base64


class Params(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False, rename={"from_": "from"}):
    """The header's params. A field that is 0 or empty need not be there.

    JSON cannot hold an address that is not UTF-8: it is in `from_base64` or `to_base64` then.
    """

    from_: Address = UNSET
    from_base64: Bytes = UNSET
    to: Address = UNSET
    to_base64: Bytes = UNSET
    id: int = 0
    aid: int = 0
    refid: int = 0
    groupid: int = 0
    flags: int = 0
    type: int = 0
    expiry: int = 0
    to_online: int = 0
    sid: int = 0
    device: int = 0
    status: int | UnsetType = UNSET
    module: str | None = None


class MessageRecord(Params, kw_only=True, omit_defaults=True):
    """A message. A payload that is not UTF-8 is in `message_base64`."""

    message: Text = UNSET
    message_base64: Bytes = UNSET


class InputRecord(MessageRecord, kw_only=True, forbid_unknown_fields=True):
    """One line of input."""

    event: EventKind = EventKind.MESSAGE
    uflags: int | UnsetType = UNSET  # the newer name of to_online
    address: Address = UNSET
    online: bool | UnsetType = UNSET
    data: Address = UNSET
    data_base64: Bytes = UNSET


class RecordFault(Exception):
    """A record is right for JSON, and wrong for what it says. `field` is where."""

    def __init__(self, field: str, what: str, detail: str, hint: str) -> None:
        super().__init__(what)
        self.field = field
        self.what = what
        self.detail = detail
        self.hint = hint


# -- in

_decoder = msgspec.json.Decoder(InputRecord)
_MESSAGE = EventKind.MESSAGE  # looked up once: members of an enum are slow to get at
_EVENT_FIELDS = {
    EventKind.MESSAGE: {"event", "uflags", *MessageRecord.__struct_encode_fields__},
    EventKind.STATUS: {"event", "uflags", *Params.__struct_encode_fields__},
    EventKind.CALL: {"event"},
    EventKind.CALL_STATUS: {"event"},
    EventKind.LOGIN: {"event", "address", "online", "flags"},
    EventKind.CONFIG: {"event", "type", "data", "data_base64"},
}


def read_event(line: bytes) -> Event:
    """The event in a line of JSON.

    Raises msgspec.DecodeError, UnicodeDecodeError or RecordFault.
    """
    record = _decoder.decode(line)
    if (
        record.event is not _MESSAGE
        or record.address is not UNSET
        or record.online is not UNSET
        or record.data is not UNSET
        or record.data_base64 is not UNSET
    ):
        _refuse_idle_fields(record)
    if record.event is _MESSAGE:
        return Event(_MESSAGE, _message(record, _status(record)))
    if record.event is EventKind.LOGIN:
        return Event(EventKind.LOGIN, user=_user(record))
    if record.event is EventKind.CONFIG:
        return Event(EventKind.CONFIG, type=_word("type", record.type), data=_data(record))
    if record.event is not EventKind.STATUS:
        return Event(record.event)
    if record.status is UNSET:
        raise RecordFault(
            "event",
            "a status event without a status",
            "expected the field `status`, found none",
            'write which one, as in "status": 2',
        )
    return Event(EventKind.STATUS, _message(record, 0), _word("status", record.status))


def _refuse_idle_fields(record: InputRecord) -> None:
    """Whoever wrote a field expects that something comes of it."""
    for field in msgspec.to_builtins(record):
        if field not in _EVENT_FIELDS[record.event]:
            raise RecordFault(
                field,
                f"a {record.event} event has no `{field}`",
                f"expected {_fields_in_words(record.event)}, found `{field}` as well",
                "take it out, or write another `event`",
            )


def _fields_in_words(kind: EventKind) -> str:
    if kind is EventKind.MESSAGE:
        return "the fields of a message"
    if kind is EventKind.STATUS:
        return "`status` and the fields of a message but its text"
    if kind is EventKind.LOGIN:
        return "`address`, `online` and `flags`"
    if kind is EventKind.CONFIG:
        return "`type` and `data` or `data_base64`"
    return "`event` alone"


def _user(record: InputRecord) -> User:
    return User(
        _text_address("address", record.address),
        online=record.online is UNSET or record.online,
        flags=_word("flags", record.flags),
    )


def _data(record: InputRecord) -> bytes | None:
    if record.data_base64 is UNSET:
        return None if record.data in (UNSET, None) else str(record.data).encode()
    if record.data is not UNSET:
        raise _given_twice("data")
    return record.data_base64


def _status(record: InputRecord) -> int:
    return 0 if record.status is UNSET else record.status


def _message(record: InputRecord, status: int) -> Message:
    # What is usual without a call: this is most of what a line takes.
    payload: Text | bytes = record.message
    to: Address | bytes = record.to
    from_: Address | bytes = record.from_
    if payload is UNSET or record.message_base64 is not UNSET:
        payload = _payload(record.message, record.message_base64)
    if to is UNSET or record.to_base64 is not UNSET:
        to = _address("to", record.to, record.to_base64)
    if from_ is UNSET or record.from_base64 is not UNSET:
        from_ = _address("from", record.from_, record.from_base64)
    try:
        return Message(
            payload,
            to=to,
            from_=from_,
            aid=record.aid,
            id=record.id,
            refid=record.refid,
            groupid=record.groupid,
            flags=record.flags,
            type=record.type,
            expiry=record.expiry,
            uflags=record.to_online if record.uflags is UNSET else _uflags(record),
            status=status,
            sid=record.sid,
            device=record.device,
            module=record.module,
        )
    except OverflowError:
        for field in (*WORDS, "to_online"):
            word = getattr(record, field)
            if word is not UNSET:
                _word(field, word)
        raise
    except ValueError:
        _address("to", record.to, record.to_base64)
        _address("from", record.from_, record.from_base64)
        raise


def _uflags(record: InputRecord) -> int:
    """One word, by either name."""
    if record.uflags is UNSET:
        return record.to_online
    if record.to_online not in (0, record.uflags):
        raise RecordFault(
            "uflags",
            "`uflags` and `to_online` differ",
            f"expected one of these two names of one word, found {record.uflags} and "
            f"{record.to_online}",
            "take one of the two out",
        )
    return record.uflags


def _word(field: str, value: int) -> int:
    if 0 <= value < 2**64:
        return value
    raise RecordFault(
        field,
        f"the field `{field}` does not fit",
        f"expected 0 to 2**64 - 1, found {value}",
        "write a number that an unsigned 64-bit word holds",
    )


def _payload(text: Text, data: Bytes) -> str | bytes:
    if data is UNSET:
        return b"" if text is UNSET else text
    if text is not UNSET:
        raise _given_twice("message")
    return data


def _address(field: str, text: Address, data: Bytes) -> str | bytes | None:
    if data is not UNSET:
        if text is not UNSET:
            raise _given_twice(field)
        if b"\0" in data:
            raise _nul_in_address(f"{field}_base64", data)
        return data
    return _text_address(field, text)


def _text_address(field: str, text: Address) -> str | None:
    if text is UNSET:
        return ""
    if text is not None and "\0" in text:
        raise _nul_in_address(field, text)
    return text


def _given_twice(field: str) -> RecordFault:
    return RecordFault(
        f"{field}_base64",
        f"`{field}` is given twice",
        f"expected `{field}` or `{field}_base64`, found both",
        "take one of the two out",
    )


def _nul_in_address(field: str, value: str | bytes) -> RecordFault:
    return RecordFault(
        field,
        f"the address in `{field}` has a NUL in it",
        f"expected text that C can hold as a string, found {value!r}",
        "take the NUL out",
    )


# -- out

_Record = TypeVar("_Record", bound=Params)


def message_record(message: Message) -> MessageRecord:
    """The record of a message."""
    record = filled(MessageRecord(), message)
    record.message, record.message_base64 = text_or_bytes(message.payload)
    return record


def event_record(event: Event) -> InputRecord:
    """The line of input that is this event; what it need not say it does not."""
    record = InputRecord(event=event.kind)
    if event.message is not None:
        filled(record, event.message)
        record.from_ = UNSET if record.from_ == "" else record.from_
        record.to = UNSET if record.to == "" else record.to
    if event.kind is EventKind.MESSAGE and event.message is not None:
        record.message, record.message_base64 = text_or_bytes(event.message.payload)
    if event.kind is EventKind.STATUS:
        record.status = event.status
    if event.user is not None:
        record.address, record.online = event.user.address, event.user.online
        record.flags = event.user.flags
    if event.kind is EventKind.CONFIG:
        record.type = event.type
        if event.data is not None:
            record.data, record.data_base64 = text_or_bytes(event.data)
    return record


def filled(record: _Record, message: Message) -> _Record:
    """The record, with what the message has of params."""
    record.from_, record.from_base64 = _address_of(message.from_)
    record.to, record.to_base64 = _address_of(message.to)
    for name, word in message._nonzero():  # most are 0, and left out
        setattr(record, "to_online" if name == "uflags" else name, word)
    if message.module is not None:
        record.module = utf8(message.module)
    return record


def text_or_bytes(payload: bytes) -> tuple[Text, Bytes]:
    """A payload, as the one of two fields that can hold it."""
    try:
        return payload.decode(), UNSET
    except UnicodeDecodeError:
        return UNSET, payload


def _address_of(address: str | None) -> tuple[Address, Bytes]:
    if address is None or address.isascii():
        return address, UNSET
    try:
        address.encode()
    except UnicodeEncodeError:
        return UNSET, address.encode("utf-8", "surrogateescape")
    return address, UNSET
