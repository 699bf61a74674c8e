"""Messages and verdicts as values."""

from __future__ import annotations

import array
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Module, Result
from tests.fields import ADDRESSES, MESSAGES, NAMES, WORDS, text_of


@given(st.binary(), ADDRESSES, ADDRESSES, st.lists(WORDS, min_size=8, max_size=8))
def test_a_message_keeps_what_it_is_given(
    payload: bytes, to: str | bytes | None, from_: str | bytes | None, words: list[int]
) -> None:
    given_words: Any = dict(zip(NAMES, words, strict=True))
    message = Message(payload, to=to, from_=from_, **given_words)
    assert message.payload == payload
    assert (message.to, message.from_) == (text_of(to), text_of(from_))
    assert {name: getattr(message, name) for name in NAMES} == given_words
    assert message.module is None


def test_defaults() -> None:
    message = Message()
    assert (message.payload, message.to, message.from_) == (b"", "", "")
    assert [getattr(message, name) for name in NAMES] == [0] * 8


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_utf8(text: str) -> None:
    assert Message(text).payload == text.encode()


@pytest.mark.parametrize(
    "payload",
    [bytearray(b"abcd"), memoryview(b"xabcdx")[1:5], array.array("B", b"abcd"), b"abcd"],
    ids=lambda value: type(value).__name__,
)
def test_any_buffer_is_a_payload(payload: bytes) -> None:
    assert Message(payload).payload == b"abcd"


def test_a_buffer_is_copied() -> None:
    buffer = bytearray(b"before")
    message = Message(buffer)
    buffer[:] = b"behind"
    assert message.payload == b"before"


def test_bytes_are_not_copied() -> None:
    payload = b"x" * 1000
    assert Message(payload).payload is payload


@given(MESSAGES)
def test_equal_messages_are_equal_in_every_way(message: Message) -> None:
    same = Message(message.payload, **message.fields())
    assert same == message
    assert hash(same) == hash(message)
    assert pickle.loads(pickle.dumps(message)) == message


@given(MESSAGES, st.sampled_from(NAMES), WORDS)
def test_replace_changes_one_field_only(message: Message, name: str, word: int) -> None:
    other = message.replace(**{name: word})
    assert getattr(other, name) == word
    assert other.replace(**{name: getattr(message, name)}) == message


def test_replace_the_payload() -> None:
    assert Message("a", to="bob").replace(payload="b") == Message("b", to="bob")


def test_a_message_is_no_other_thing() -> None:
    assert Message("a") != Message("b")
    assert Message("a") != "a"
    assert Message("a", module="x") != Message("a")


@pytest.mark.parametrize("name", ["payload", "to", "from_", "module", *NAMES])
def test_messages_do_not_change(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Message(), name, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-1, 2**64, -(2**64), 10**30])
def test_words_outside_64_bits(name: str, value: int) -> None:
    fields: Any = {name: value}
    with pytest.raises(OverflowError) as caught:
        Message(**fields)
    assert str(caught.value) == (
        f"message field `{name}` does not fit: expected 0 to 2**64 - 1, got {value}; "
        "the header's params are unsigned 64-bit words"
    )


def raises_type_error(arguments: dict[str, object]) -> str:
    wrong: Any = arguments
    with pytest.raises(TypeError) as caught:
        Message(**wrong)
    return str(caught.value)


def test_words_of_another_type() -> None:
    assert raises_type_error({"id": "7"}) == (
        "message field `id` is of the wrong type: expected int, got str ('7'); pass a whole number"
    )


def test_addresses_of_another_type() -> None:
    assert raises_type_error({"to": 7}) == (
        "message field `to` is of the wrong type: expected str, bytes or None, got int (7); "
        "pass the address as text"
    )


def test_payloads_of_another_type() -> None:
    assert raises_type_error({"payload": 7}) == (
        "message payload is of the wrong type: expected str, bytes or a buffer, got int; "
        "pass one of them"
    )


def test_modules_of_another_type() -> None:
    assert raises_type_error({"module": b"echo"}) == (
        "message field `module` is of the wrong type: expected the name of a module, got "
        "b'echo'; pass a str or None"
    )


def test_unknown_fields() -> None:
    assert "unexpected keyword argument 'from'" in raises_type_error({"from": "alice"})


@pytest.mark.parametrize("name", ["to", "from_"])
@pytest.mark.parametrize("address", ["bo\0b", b"bo\0b", "\0", "é\0"])
def test_a_nul_in_an_address(name: str, address: str | bytes) -> None:
    fields: Any = {name: address}
    with pytest.raises(ValueError, match="has a NUL in it") as caught:
        Message(**fields)
    assert str(caught.value) == (
        f"message field `{name}` has a NUL in it: expected an address that C can hold as a "
        f"string, got {address!r}; take the NUL out"
    )


def test_a_surrogate_that_is_no_byte() -> None:
    with pytest.raises(ValueError, match="cannot be written") as caught:
        Message(to="a\ud800")
    assert str(caught.value) == (
        "message field `to` cannot be written as UTF-8: character 1 is '\\ud800'; "
        "pass bytes for an address that is not text"
    )
    with pytest.raises(ValueError, match="cannot be written") as caught:
        Message("a\ud800")
    assert str(caught.value) == (
        "message payload cannot be written as UTF-8: character 1 is '\\ud800'; "
        "pass bytes to send what is not text"
    )


def test_how_a_message_looks() -> None:
    message = Message("hello", to="bob", from_=None, id=7, module="echo")
    assert repr(message) == "Message(b'hello', to='bob', from_=None, id=7, module='echo')"
    assert repr(Message("x" * 61)) == f"Message({b'x' * 57 + b'...'!r}, to='', from_='')"


class Consume(Module):
    def on_message(self, message: Message) -> Result:
        self.send("a", to="bob")
        self.log("seen")
        return Result.CONSUMED


class Broken(Module):
    def on_message(self, message: Message) -> Result:
        raise ValueError("broken")


def test_how_a_verdict_looks(host: Host) -> None:
    assert repr(host.process(Message())) == "Verdict(PASS, sent=0, logs=0)"
    host.load("consume", Consume)
    assert repr(host.process(Message())) == "Verdict(CONSUMED, by='consume', sent=1, logs=1)"


def test_a_verdict_raises_its_error_when_it_is_asked_to(host: Host) -> None:
    host.process(Message()).raise_for_error()
    host.load("broken", Broken)
    verdict = host.process(Message())
    with pytest.raises(ValueError, match="broken") as caught:
        verdict.raise_for_error()
    assert caught.value is verdict.error
