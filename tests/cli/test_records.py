"""Messages and verdicts as JSON, and back."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Module, Result
from mesibo_abi.cli.records import log_record, sent_record, verdict_record
from mesibo_abi.events import Event, EventKind
from mesibo_abi.records import RecordFault, event_record, message_record, read_event
from mesibo_abi.types import LogRecord, User
from tests.fields import MESSAGES, WORDS

ADDRESS_TEXTS = st.none() | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
)


@given(MESSAGES, st.none() | st.text(st.characters(exclude_categories=["Cs"])))
def test_a_message_comes_back_as_it_was(message: Message, module: str | None) -> None:
    message = message.replace(module=module)
    line = msgspec.json.encode(message_record(message))
    assert b"\n" not in line
    event = read_event(line)
    assert (event.kind, event.message, event.status) == (EventKind.MESSAGE, message, 0)


@given(MESSAGES, WORDS)
def test_a_status_comes_back_as_it_was(message: Message, status: int) -> None:
    message = message.replace(payload=b"")
    record = message_record(message)
    record.message = msgspec.UNSET
    fields = {**json.loads(msgspec.json.encode(record)), "event": "status", "status": status}
    event = read_event(json.dumps(fields).encode())
    assert (event.kind, event.message, event.status) == (EventKind.STATUS, message, status)


@pytest.mark.parametrize("kind", [EventKind.CALL, EventKind.CALL_STATUS])
def test_a_call_has_nothing_but_its_name(kind: EventKind) -> None:
    event = read_event(json.dumps({"event": kind}).encode())
    assert (event.kind, event.message, event.status) == (kind, None, 0)


@given(
    ADDRESS_TEXTS,
    st.booleans(),
    WORDS,
)
def test_a_login(address: str | None, online: bool, flags: int) -> None:
    fields = {"event": "login", "address": address, "online": online, "flags": flags}
    event = read_event(json.dumps(fields).encode())
    assert event == Event(EventKind.LOGIN, user=User(address, online, flags))


def test_a_login_of_nothing_but_its_name() -> None:
    assert read_event(b'{"event": "login"}').user == User("", True, 0)


@given(st.none() | st.binary(max_size=50), WORDS)
def test_a_config(data: bytes | None, type_: int) -> None:
    fields: dict[str, object] = {"event": "config", "type": type_}
    if data is not None:
        fields["data_base64"] = base64.b64encode(data).decode()
    event = read_event(json.dumps(fields).encode())
    assert event == Event(EventKind.CONFIG, type=type_, data=data)


@pytest.mark.parametrize(("data", "found"), [("ä", "ä".encode()), ("", b""), (None, None)])
def test_the_data_of_a_config_as_text(data: str | None, found: bytes | None) -> None:
    event = read_event(json.dumps({"event": "config", "data": data}).encode())
    assert (event.kind, event.type, event.data) == (EventKind.CONFIG, 0, found)


@given(WORDS, WORDS, WORDS, WORDS)
def test_the_words_of_later_revisions(uflags: int, status: int, sid: int, device: int) -> None:
    message = Message(uflags=uflags, status=status, sid=sid, device=device)
    assert read_event(msgspec.json.encode(message_record(message))).message == message
    fields = {"uflags": uflags, "status": status, "sid": sid, "device": device}
    assert read_event(json.dumps(fields).encode()).message == message


def test_what_is_left_out_is_empty() -> None:
    assert read_event(b"{}").message == Message()


def test_null_is_no_address_and_an_empty_one_is_empty() -> None:
    message = read_event(b'{"to": null, "from": ""}').message
    assert message is not None
    assert (message.to, message.from_) == (None, "")


def test_what_is_not_utf8_is_in_base64() -> None:
    message = Message(b"\xff\0", to=b"b\xf6b", from_=b"\xff")
    assert json.loads(msgspec.json.encode(message_record(message))) == {
        "from_base64": "/w==",
        "to_base64": "YvZi",
        "message_base64": "/wA=",
    }


def test_text_is_text_with_nuls_and_all() -> None:
    record = message_record(Message("ä\0\n", to="bob", from_=None, id=7))
    assert msgspec.json.encode(record) == (
        '{"from":null,"to":"bob","id":7,"message":"ä\\u0000\\n"}'.encode()
    )


@pytest.mark.parametrize("field", ["from", "to", "message"])
def test_text_and_base64_at_once(field: str) -> None:
    line = json.dumps({field: "", f"{field}_base64": ""}).encode()
    with pytest.raises(RecordFault, match=f"`{field}` is given twice"):
        read_event(line)


class Talker(Module):
    def on_message(self, message: Message) -> Result:
        self.send("well", to="alice", from_="talker", refid=message.id)
        if message.payload == b"fail":
            raise ValueError("no such word")
        return Result.CONSUMED

    def on_message_status(self, message: Message, status: int) -> Result:
        return Result.PASS


def encoded(host: Host, event: Event, line: int = 3) -> object:
    send = {EventKind.CALL: host.call, EventKind.CALL_STATUS: host.call_status}.get(event.kind)
    if send is not None:
        verdict = send()
    elif event.kind is EventKind.STATUS:
        assert event.message is not None
        verdict = host.status(event.message, event.status)
    else:
        assert event.message is not None
        verdict = host.process(event.message)
    return json.loads(msgspec.json.encode(verdict_record(line, event, verdict)))


def test_the_verdict_on_a_message(host: Host) -> None:
    host.load("talker", Talker)
    message = Message("hi", to="bob", from_="alice", id=7)
    assert encoded(host, Event(EventKind.MESSAGE, message)) == {
        "event": "verdict",
        "from": "alice",
        "to": "bob",
        "id": 7,
        "line": 3,
        "of": "message",
        "result": "CONSUMED",
        "by": "talker",
        "error": None,
        "message": "hi",
        "sent": [
            {"from": "talker", "to": "alice", "refid": 7, "module": "talker", "message": "well"}
        ],
    }


def test_the_verdict_on_a_failure(host: Host) -> None:
    host.load("talker", Talker)
    found = encoded(host, Event(EventKind.MESSAGE, Message("fail")))
    assert isinstance(found, dict)
    assert (found["result"], found["by"]) == ("FAIL", "talker")
    assert found["error"] == "ValueError: no such word"


def test_the_verdict_on_a_status(host: Host) -> None:
    host.load("talker", Talker)
    assert encoded(host, Event(EventKind.STATUS, Message(id=7), 2)) == {
        "event": "verdict",
        "from": "",
        "to": "",
        "id": 7,
        "line": 3,
        "of": "status",
        "status": 2,
        "result": "PASS",
        "by": None,
        "error": None,
        "returned": {"talker": 0},
        "sent": [],
    }


def test_the_verdict_on_a_call(host: Host) -> None:
    assert encoded(host, Event(EventKind.CALL)) == {
        "event": "verdict",
        "line": 3,
        "of": "call",
        "result": "PASS",
        "by": None,
        "error": None,
        "returned": {},
        "sent": [],
    }


def test_a_name_that_is_not_utf8_can_be_written(host: Host, tmp_path: Path) -> None:
    host.load("t\udcff", Talker)
    found = encoded(host, Event(EventKind.MESSAGE, Message("hi")))
    assert isinstance(found, dict)
    assert found["by"] == "t\\xff"


def test_a_sent_message_and_a_log_line() -> None:
    sent = sent_record(Message("hi", to="bob", module="echo"))
    assert msgspec.json.encode(sent) == (
        b'{"event":"sent","from":"","to":"bob","module":"echo","message":"hi"}'
    )
    record = LogRecord("echo", 1, "text", 1.5, 42)
    assert msgspec.json.encode(log_record(record, 3)) == (
        b'{"event":"log","line":3,"module":"echo","level":1,"text":"text","time":1.5,"thread":42}'
    )
    assert b"line" not in msgspec.json.encode(log_record(record, None))


@pytest.mark.parametrize(
    "event",
    [
        Event(EventKind.MESSAGE, Message(b"\xff", to=None, from_=b"\xfe", id=3)),
        Event(EventKind.STATUS, Message(b"", to="bob", refid=2), 0x86),
        Event(EventKind.CALL),
        Event(EventKind.CALL_STATUS),
        Event(EventKind.LOGIN, user=User("alice", online=False, flags=5)),
        Event(EventKind.LOGIN, user=User(None)),
        Event(EventKind.CONFIG, type=1),
        Event(EventKind.CONFIG, type=2, data=b""),
        Event(EventKind.CONFIG, type=2, data=b"\xff\0"),
    ],
    ids=lambda event: str(event.kind),
)
def test_an_event_comes_back_from_its_line(event: Event) -> None:
    assert read_event(msgspec.json.encode(event_record(event))) == event
