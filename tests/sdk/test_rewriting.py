"""Rewriting a message in place: seen by the next modules and the recipient, and by nobody else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from mesibo_abi import Host, Message, Module, OnFailure, Result, Revision

from ..conftest import Built
from ..fields import MESSAGES
from .conftest import Sdk


class Seer(Module):
    """Keeps what it sees."""

    def __init__(self) -> None:
        self.seen: list[Message] = []

    def on_message(self, message: Message) -> Result:
        self.seen.append(message)
        return Result.PASS


class Reverser(Module):
    def on_message(self, message: Message) -> Result:
        self.rewrite(message.payload[::-1])
        return Result.PASS


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES)
def test_a_rewritten_message(host: Host, sdk: Sdk, message: Message) -> None:
    if not host.modules:
        host.load("rewrite", sdk(Revision.SDK2020, "rewrite"))
    before = bytes(message.payload)
    verdict = host.process(message)
    assert message.payload == before
    assert verdict.message == message.replace(payload=before.upper())
    if before == before.upper():
        assert verdict.message is message


def test_the_next_modules_see_it(host: Host, sdk: Sdk) -> None:
    first, last = Seer(), Seer()
    message = Message("abc", to="bob", sid=7, module="somebody")
    host.load("first", first)
    host.load("rewrite", sdk(Revision.SDK2020, "rewrite"))
    host.load("old", sdk(Revision.SDK2019, "echo"))
    host.load("new", sdk(Revision.SDK2020, "echo"))
    host.load("last", last)
    verdict = host.process(message)
    assert first.seen == [message]
    assert first.seen[0] is message
    assert [sent.payload for sent in verdict.sent] == [b"ABC", b"ABC"]
    assert [(seen.payload, seen.sid) for seen in last.seen] == [(b"ABC", 7)]
    assert verdict.message == message.replace(payload="ABC")


def test_whoever_consumes_it_may_have_rewritten_it(host: Host, sdk: Sdk) -> None:
    host.load("rewrite", sdk(Revision.SDK2020, "rewrite"))
    verdict = host.process(Message("stop!"))
    assert verdict.result is Result.CONSUMED
    assert verdict.message is not None
    assert verdict.message.payload == b"STOP!"


def test_rewritten_from_python(host: Host, sdk: Sdk) -> None:
    host.load("reverser", Reverser)
    host.load("rewrite", sdk(Revision.SDK2020, "rewrite"))
    host.load("echo", sdk(Revision.SDK2019, "echo"))
    verdict = host.process(Message("abc", to="bob"))
    assert verdict.message is not None
    assert verdict.message.payload == b"CBA"
    assert [sent.payload for sent in verdict.sent] == [b"CBA"]


def test_rewritten_to_the_same_it_is_the_same_message(host: Host) -> None:
    host.load("reverser", Reverser)
    message = Message("abba")
    assert host.process(message).message is message


def test_a_length_never_changes(host: Host) -> None:
    class Longer(Module):
        def on_message(self, message: Message) -> Result:
            self.rewrite(message.payload + b"!")
            return Result.PASS

    host.load("longer", Longer)
    verdict = host.process(Message("abc"))
    assert verdict.result is Result.FAIL
    assert isinstance(verdict.error, ValueError)
    assert str(verdict.error) == (
        "the message cannot be rewritten with 4 bytes: expected as many as it has, inside "
        "on_message; the length of a message never changes"
    )


def test_no_rewriting_outside_of_on_message(host: Host) -> None:
    reverser = Reverser()
    host.load("reverser", reverser)
    with pytest.raises(ValueError, match=r"^the message cannot be rewritten with 0 bytes"):
        reverser.rewrite(b"")


def test_what_a_failed_module_wrote_goes_on(sdk: Sdk) -> None:
    class Broken(Reverser):
        def on_message(self, message: Message) -> Result:
            super().on_message(message)
            raise RuntimeError("after rewriting")

    with Host(on_failure=OnFailure.PASS) as host:
        host.load("broken", Broken)
        host.load("echo", sdk(Revision.SDK2020, "echo"))
        verdict = host.process(Message("abc", to="bob"))
        assert verdict.result is Result.PASS
        assert [sent.payload for sent in verdict.sent] == [b"cba"]


def test_a_direct_call_rewrites_nobodys_message(host: Host, sdk: Sdk) -> None:
    module = host.load("rewrite", sdk(Revision.SDK2020, "rewrite"))
    message = Message("abc")
    assert module.on_message(message) is Result.PASS
    assert message.payload == b"abc"


def test_behind_a_rewrite_const_is_const(host: Host, sdk: Sdk, built: Built) -> None:
    last = Seer()
    host.load("rewrite", sdk(Revision.SDK2020, "rewrite"))
    host.load("old", built("const_write"))
    host.load("last", last)
    for text in ("abc", "abc" * 100):
        verdict = host.process(Message(text))
        assert verdict.message == Message(text.upper())
        assert verdict.logs[0].text == f"found {text[:10].upper()}"
        assert last.seen.pop().payload == text.upper().encode()
