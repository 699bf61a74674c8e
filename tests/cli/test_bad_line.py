"""What is said of a line that is none, word for word."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesibo_abi import InputError
from mesibo_abi.cli.bad_line import BadLine
from mesibo_abi.records import RecordFault, read_event

EXAMPLE = 'write a line such as {"from": "alice", "to": "bob", "message": "hello"}'
FIELDS = (
    "address, aid, data, data_base64, device, event, expiry, flags, from, from_base64, groupid, "
    "id, message, message_base64, module, online, refid, sid, status, to, to_base64, to_online, "
    "type, uflags"
)
WORD = "write a number that an unsigned 64-bit word holds"


def explain(line: bytes) -> InputError:
    try:
        read_event(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecordFault) as fault:
        return BadLine("m.jsonl", 3, line).explain(fault)
    pytest.fail(f"{line!r} is an event")


@pytest.mark.parametrize(
    ("line", "what", "detail", "hint"),
    [
        (
            b"hello",
            ":1: not JSON",
            "expected one JSON object a line, found: invalid character",
            EXAMPLE,
        ),
        (
            b'{"to": "bob"',
            ":13: not JSON",
            "expected one JSON object a line, found: the end of the line",
            EXAMPLE,
        ),
        (
            b'{"id": 1} {"id": 2}',
            ":11: not JSON",
            "expected one JSON object a line, found: trailing characters",
            EXAMPLE,
        ),
        (
            b'{"to": "b\\ud800"}',
            ":10: not JSON",
            "expected one JSON object a line, found: one half of a surrogate pair",
            EXAMPLE,
        ),
        (b" [1]", ":2: not a JSON object", "expected an object, found: array", EXAMPLE),
        (
            '{"to": "ä", "message": "'.encode() + b'\xff"}',
            ":25: not UTF-8",
            "expected text in UTF-8, found the byte 0xff: invalid start byte",
            "save the file as UTF-8; what is not text goes into message_base64, to_base64 and "
            "from_base64",
        ),
        (
            b'{"mesage": "hello"}',
            ":2: there is no field `mesage`",
            f"expected some of {FIELDS}; found `mesage`",
            "did you mean `message`?",
        ),
        (
            b'{"\\u001b[2J": 1}',
            ": there is no field `\\x1b[2J`",
            f"expected some of {FIELDS}; found `\\x1b[2J`",
            "take it out",
        ),
        (
            '{"to": "ä", "id": "7"}'.encode(),
            ":13: the field `id` is of the wrong type",
            "expected int, found str",
            "write a whole number, without quotes",
        ),
        (
            b'{"id": 7.0}',
            ":2: the field `id` is of the wrong type",
            "expected int, found float",
            "write a whole number, without quotes",
        ),
        (
            b'{"from": 7}',
            ":2: the field `from` is of the wrong type",
            "expected str | null, found int",
            "write text, in double quotes",
        ),
        (
            b'{"id": 18446744073709551616}',
            ":2: the field `id` does not fit",
            "expected 0 to 2**64 - 1, found 18446744073709551616",
            WORD,
        ),
        (
            b'{"expiry": -1}',
            ":2: the field `expiry` does not fit",
            "expected 0 to 2**64 - 1, found -1",
            WORD,
        ),
        (
            b'{"id": ' + b"9" * 5000 + b"}",
            ":2: the field `id` has a wrong value",
            "expected 0 to 2**64 - 1, found: Integer value out of range",
            WORD,
        ),
        (
            b'{"message_base64": "AA="}',
            ":2: the field `message_base64` has a wrong value",
            "expected Base64 (A-Z a-z 0-9 + / with = at its end), found something else",
            "text goes into `message` as it is",
        ),
        (
            b'{"message": "a", "message_base64": "AA=="}',
            ":18: `message` is given twice",
            "expected `message` or `message_base64`, found both",
            "take one of the two out",
        ),
        (
            b'{"to": "b\\u0000b"}',
            ":2: the address in `to` has a NUL in it",
            "expected text that C can hold as a string, found 'b\\x00b'",
            "take the NUL out",
        ),
        (
            b'{"from_base64": "AA=="}',
            ":2: the address in `from_base64` has a NUL in it",
            "expected text that C can hold as a string, found b'\\x00'",
            "take the NUL out",
        ),
        (
            b'{"event": "logout"}',
            ":2: the field `event` has a wrong value",
            "expected one of message, status, call, call_status, login, config, found 'logout'",
            "write one of them, or leave the field out for a message",
        ),
        (
            b'{"event": "status"}',
            ":2: a status event without a status",
            "expected the field `status`, found none",
            'write which one, as in "status": 2',
        ),
        (
            b'{"event": "status", "status": -1}',
            ":21: the field `status` does not fit",
            "expected 0 to 2**64 - 1, found -1",
            WORD,
        ),
        (
            b'{"event": "status", "status": 2, "message": "hello"}',
            ":34: a status event has no `message`",
            "expected `status` and the fields of a message but its text, found `message` as well",
            "take it out, or write another `event`",
        ),
        (
            b'{"event": "call", "to": "bob"}',
            ":19: a call event has no `to`",
            "expected `event` alone, found `to` as well",
            "take it out, or write another `event`",
        ),
        (
            b'{"event": "login", "to": "bob"}',
            ":20: a login event has no `to`",
            "expected `address`, `online` and `flags`, found `to` as well",
            "take it out, or write another `event`",
        ),
        (
            b'{"event": "config", "flags": 1}',
            ":21: a config event has no `flags`",
            "expected `type` and `data` or `data_base64`, found `flags` as well",
            "take it out, or write another `event`",
        ),
        (
            b'{"event": "config", "data": "a", "data_base64": "YQ=="}',
            ":34: `data` is given twice",
            "expected `data` or `data_base64`, found both",
            "take one of the two out",
        ),
        (
            b'{"event": "config", "type": -1}',
            ":21: the field `type` does not fit",
            "expected 0 to 2**64 - 1, found -1",
            WORD,
        ),
        (
            b'{"event": "login", "flags": -1}',
            ":20: the field `flags` does not fit",
            "expected 0 to 2**64 - 1, found -1",
            WORD,
        ),
        (
            b'{"event": "login", "address": "a\\u0000"}',
            ":20: the address in `address` has a NUL in it",
            "expected text that C can hold as a string, found 'a\\x00'",
            "take the NUL out",
        ),
        (
            b'{"to_online": 1, "uflags": 2}',
            ":18: `uflags` and `to_online` differ",
            "expected one of these two names of one word, found 2 and 1",
            "take one of the two out",
        ),
        (
            b'{"status": -1}',
            ":2: the field `status` does not fit",
            "expected 0 to 2**64 - 1, found -1",
            WORD,
        ),
        (
            b'{"sid": -1}',
            ":2: the field `sid` does not fit",
            "expected 0 to 2**64 - 1, found -1",
            WORD,
        ),
        (
            b'{"online": true}',
            ":2: a message event has no `online`",
            "expected the fields of a message, found `online` as well",
            "take it out, or write another `event`",
        ),
    ],
)
def test_the_words(line: bytes, what: str, detail: str, hint: str) -> None:
    assert str(explain(line)) == f"m.jsonl:3{what}\n  {detail}\n  hint: {hint}"


def test_a_key_is_not_found_inside_of_text() -> None:
    line = b'{"message": "{\\"id\\": 1}", "id": "x"}'
    assert explain(line).what == "m.jsonl:3:28: the field `id` is of the wrong type"


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
@example(b'{"id":"\xff')
@example(b"[" * 100_000)
@example(b'{"x":' * 100_000)
def test_whatever_stands_there_is_explained(line: bytes) -> None:
    try:
        read_event(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecordFault) as fault:
        error = BadLine("m.jsonl", 3, line).explain(fault)
        assert error.what.startswith("m.jsonl:3")
        assert error.detail.startswith("expected")
        assert error.hint
        assert str(error).count("\n") == 2
