"""`send_message`: what is taken and what refused, the outbox, a handler in its place."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mesibo_abi import Host, Limits, LoadedModule, Message, Module, Result
from tests.conftest import Built
from tests.running import run


def texts(host: Host, message: Message) -> list[str]:
    return [record.text for record in host.process(message).logs]


def test_what_is_refused_is_said(host: Host, built: Built) -> None:
    host.load("bad_sends", built("bad_sends"))
    verdict = host.process(Message("hello", to="bob"))
    assert [record.text for record in verdict.logs] == [
        "send refused: params is NULL; pass a mesibo_message_params_t",
        "params NULL: -1",
        "send refused: the message is NULL but said to have 1 bytes",
        "message NULL: -1",
        "send refused: params have neither `to` nor `groupid`; set one of them",
        "no address: -1",
        "send refused: params have neither `to` nor `groupid`; set one of them",
        "empty address: -1",
        "another struct: -1",
        "no struct: -1",
        "NULL struct: -1",
        "log to no struct: -1",
        "log without format: -1",
        "http refused: the url is empty; pass http://... or https://...",
        "http without url: -1",
        "NULL and nothing: 0",
    ]
    assert [message.payload for message in verdict.sent] == [b""]
    assert verdict.result is Result.PASS


@pytest.mark.parametrize("handler", [False, True], ids=["outbox", "handler"])
@pytest.mark.parametrize("size", [11, 4097, 1 << 20, 1 << 40, 1 << 63, (1 << 64) - 1])
def test_a_length_that_runs_into_unmapped_memory(built: Built, handler: bool, size: int) -> None:
    got: list[Message] = []
    with Host(send=(lambda _, message: got.append(message)) if handler else None) as host:
        host.load("overrun", built("overrun"))
        refusal, returned = texts(host, Message(f"{size}", to="bob"))
        assert returned == "returned -1"
        start, _, rest = refusal.partition(" at 0x")
        assert start == "send refused: the message"
        assert rest.partition(" ")[2] == (
            f"is said to have {size} bytes, but only 10 can be read; "
            "pass the length of the buffer that is sent"
        )
        verdict = host.process(Message("10", to="bob"))
        assert [message.payload for message in [*verdict.sent, *got]] == [b"0123456789"]


# ---- A handler in place of the outbox -----------------------------------------------------------


def test_a_handler_gets_every_message_at_once(built: Built) -> None:
    got: list[tuple[LoadedModule, Message]] = []

    def send(module: LoadedModule, message: Message) -> None:
        got.append((module, message))

    with Host(send=send) as host:
        module = host.load("echo", built("echo"))
        message = Message(b"\0hello", to="bob", from_=None, id=2**64 - 1)
        assert host.process(message).sent == []
        assert got == [(module, message.replace(module="echo"))]
        assert list(host.sent) == []


class Sender(Module):
    """Keeps what `send` returns."""

    def on_message(self, message: Message) -> Result:
        self.returned = self.send("hello", to="bob")
        return Result.PASS


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, 0), (0, 0), (7, 7), (Result.FAIL, -1), (True, 1), (-(2**31), -(2**31))],
)
def test_what_a_handler_returns_reaches_the_module(value: int | None, code: int) -> None:
    with Host(send=lambda module, message: value) as host:
        sender = Sender()
        host.load("sender", sender)
        assert host.process(Message()).error is None
        assert sender.returned == code


@pytest.mark.parametrize("value", ["0", 2**31])
def test_a_handler_that_returns_no_code(value: object) -> None:
    def send(module: LoadedModule, message: Message) -> Any:
        return value

    with Host(send=send) as host:
        sender = Sender()
        host.load("sender", sender)
        verdict = host.process(Message())
        assert sender.returned == -1
        assert str(verdict.error) in (
            "the send handler returned str: expected a Result, an int or None, got '0'; "
            "return mesibo_abi.Result.PASS",
            "the send handler returned 2147483648: expected a code that fits a C int; "
            "return mesibo_abi.Result.PASS",
        )


def test_an_exception_in_a_handler(built: Built) -> None:
    def send(module: LoadedModule, message: Message) -> None:
        raise ValueError(f"no route for {message.id}")

    with Host(send=send) as host:
        module = host.load("echo", built("echo"))
        verdict = host.process(Message(to="bob", id=1))
        assert (verdict.result, verdict.by) == (Result.FAIL, module)
        assert isinstance(verdict.error, ValueError)
        assert str(verdict.error) == "no route for 1"
        assert [record.text for record in verdict.logs] == [
            "send handler: ValueError: no route for 1"
        ]
        with pytest.raises(ValueError, match="no route for 2"):
            module.on_message(Message(to="bob", id=2))


def test_the_first_of_several_exceptions_has_the_others_as_notes() -> None:
    def send(module: LoadedModule, message: Message) -> None:
        raise ValueError(message.payload.decode())

    class Persistent(Module):
        def on_message(self, message: Message) -> Result:
            for attempt in ("one", "two", "three"):
                assert self.send(attempt, to="bob") == -1
            return Result.PASS

    with Host(send=send) as host:
        host.load("persistent", Persistent)
        verdict = host.process(Message())
    assert str(verdict.error) == "one"
    assert verdict.error is not None
    assert verdict.error.__notes__ == [
        "then, in the same call: ValueError: two",
        "then, in the same call: ValueError: three",
    ]


def test_an_interrupt_in_a_handler_is_nobodys_verdict(built: Built) -> None:
    def send(module: LoadedModule, message: Message) -> None:
        raise KeyboardInterrupt

    with Host(send=send) as host:
        host.load("echo", built("echo"))
        with pytest.raises(KeyboardInterrupt):
            host.process(Message(to="bob"))
        with pytest.raises(KeyboardInterrupt):
            host.modules[0].on_message(Message(to="bob"))


def test_an_exception_on_a_thread_of_the_modules_own_is_logged(
    built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    def send(module: LoadedModule, message: Message) -> None:
        raise ValueError("nobody called")

    with Host(send=send) as host:
        host.load("waiter", built("waiter"))
        verdict = host.process(Message("send", to="bob"))
        assert verdict.error is None
        assert [record.text for record in verdict.logs] == ["the thread got -1"]
        assert "module 'waiter', send handler: nobody called" in caplog.messages


def test_a_handler_may_use_the_host(built: Built) -> None:
    def send(module: LoadedModule, message: Message) -> None:
        if message.id < 3:
            host.process(message.replace(id=message.id + 1))
        seen.append(message.id)

    seen: list[int] = []
    with Host(send=send) as host:
        host.load("echo", built("echo"))
        host.process(Message(to="bob"))
    assert seen == [3, 2, 1, 0]


# ---- Limits -------------------------------------------------------------------------------------


def test_an_outbox_that_is_full(built: Built) -> None:
    with Host(limits=Limits(outbox=4096)) as host:
        host.load("echo", built("echo"))
        verdict = host.process(Message(b"x" * 5000, to="bob"))
        assert (verdict.result, verdict.sent) == (Result.PASS, [])
        assert [record.text for record in verdict.logs] == [
            "send refused: the outbox has no room for 5000 bytes more (its limit is 4096); "
            "take what was sent"
        ]
        assert host.dropped == (1, 0, 0)
        for _ in range(100):
            host.modules[0].on_message(Message(b"x" * 100, to="bob"))
        waiting = host.dropped.sent
        sent = len(list(host.sent))
        assert 0 < sent < 4096 // 100
        assert host.dropped.sent == waiting == 1 + 100 - sent
        assert len(host.process(Message(b"x" * 100, to="bob")).sent) == 1


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from mesibo_abi import Host, Message
with Host() as host:
    host.load("echo", sys.argv[1])
    message = Message(bytes(64 << 20), to="bob")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20), -1))
    print([line.text for line in host.process(message).logs])
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    print(len(host.process(message).sent))
"""


def test_an_outbox_without_memory(built: Built) -> None:
    ended = run(SHORT_OF_MEMORY, built("echo"))
    assert ended.output == "['send refused: no memory for a message of 67108864 bytes']\n1\n"


# ---- From Python --------------------------------------------------------------------------------


def test_a_python_module_sends_as_a_native_one(host: Host) -> None:
    class Sender(Module):
        def on_message(self, message: Message) -> Result:
            self.codes = [
                self.send("text", to="bob", id=1),
                self.send(b"bytes", groupid=9),
                self.send(message),
                self.send("nobody", to=None),
            ]
            return Result.PASS

    sender = Sender()
    host.load("sender", sender)
    verdict = host.process(Message("as it came", to="carol"))
    assert sender.codes == [0, 0, 0, -1]
    assert verdict.sent == [
        Message("text", to="bob", id=1, module="sender"),
        Message("bytes", to="", groupid=9, module="sender"),
        Message("as it came", to="carol", module="sender"),
    ]
    assert [record.text for record in verdict.logs] == [
        "send refused: params have neither `to` nor `groupid`; set one of them"
    ]


def test_a_python_module_sends_from_a_thread_of_its_own(host: Host) -> None:
    class Sender(Module):
        def on_message(self, message: Message) -> Result:
            thread = threading.Thread(target=lambda: self.send("later", to="bob"))
            thread.start()
            thread.join()
            return Result.PASS

    host.load("sender", Sender)
    assert host.process(Message()).sent == []
    assert list(host.sent) == [Message("later", to="bob", module="sender")]
