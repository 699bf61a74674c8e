"""Modules in Python: their life, their callbacks, their host functions, and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given

from mesibo_abi import (
    CallbackNotSet,
    ClosedError,
    Error,
    Host,
    LoadError,
    Message,
    Module,
    Result,
)
from tests.conftest import Built
from tests.fields import SENDABLE, WORDS


class Echo(Module):
    """Sends every message back as it came, and its status as its reference."""

    def on_message(self, message: Message) -> Result:
        assert self.send(message) == 0
        assert self.send(message.payload, **without_module(message)) == 0
        return Result.PASS

    def on_message_status(self, message: Message, status: int) -> None:
        self.send(message.replace(refid=status))


def without_module(message: Message) -> dict[str, Any]:
    return {name: value for name, value in message.fields().items() if name != "module"}


@pytest.fixture(scope="module")
def echo() -> Any:
    with Host() as host:
        host.load("echo", Echo)
        yield host


@given(SENDABLE)
def test_whatever_goes_into_a_module_comes_out_unchanged(echo: Host, message: Message) -> None:
    verdict = echo.process(message)
    assert verdict.error is None
    assert verdict.sent == [message.replace(module="echo")] * 2


@given(SENDABLE, WORDS)
def test_a_status_at_its_full_range(echo: Host, message: Message, status: int) -> None:
    verdict = echo.status(message, status)
    assert verdict.sent == [message.replace(refid=status, module="echo")]


@given(SENDABLE)
def test_what_a_native_module_did_before_is_not_seen(native: Host, message: Message) -> None:
    assert native.process(message).sent == [message.replace(module="echo")] * 2


@pytest.fixture(scope="module")
def native(built: Built) -> Any:
    with Host() as host:
        host.load("scribble", built("scribble"))
        host.load("echo", Echo)
        yield host


def test_a_module_gets_the_message_itself(host: Host) -> None:
    class Keeper(Module):
        def on_message(self, message: Message) -> Result:
            self.kept = message
            return Result.PASS

    keeper = Keeper()
    host.load("keeper", keeper)
    message = Message("hello")
    host.process(message)
    assert keeper.kept is message


class Life(Module):
    """Notes what happens to it."""

    flags: ClassVar[int] = 2**64 - 1

    def init(self) -> None:
        self.seen: list[str] = [f"init {self.name} {dict(self.config)}"]
        self.log("hello")

    def on_call(self) -> Result:
        self.seen.append("call")
        return Result.PASS

    def on_call_status(self) -> int:
        self.seen.append("call status")
        return 1

    def cleanup(self) -> None:
        self.seen.append("cleanup")
        self.send("bye", to="bob")


def test_the_life_of_a_module() -> None:
    life = Life()
    with Host() as host:
        module = host.load("life", life, config={"words": "a b", "log": "2"})
        assert (module.target, module.path, module.declared_name) == (life, None, "life")
        assert (module.version, module.flags, module.revision) == (1, 2**64 - 1, "sdk2020")
        assert module.callbacks == {"on_call", "on_call_status"}
        assert host.call().returned == ((module, 0),)
        assert host.call_status().returned == ((module, 1),)
        assert host.process(Message()).result is Result.PASS
        with pytest.raises(CallbackNotSet, match="module 'life' has no on_message"):
            module.on_message(Message())
    assert life.seen == [
        "init life {'words': 'a b', 'log': '2'}",
        "call",
        "call status",
        "cleanup",
    ]
    assert [record.text for record in host.logs] == ["hello"]
    assert list(host.sent) == [Message("bye", to="bob", module="life")]


def test_an_instance_is_in_one_host_at_a_time(host: Host) -> None:
    life = Life()
    first = host.load("life", life)
    with pytest.raises(LoadError) as caught, Host() as other:
        other.load("again", life)
    assert str(caught.value) == (
        "cannot load module 'again'\n"
        "  expected an instance in no host, it is loaded as 'life'\n"
        "  hint: pass the class, or another instance"
    )
    first.close()
    host.load("again", life)
    assert life.seen == ["init again {}"]


def test_a_class_makes_an_instance_each_load(host: Host) -> None:
    first, second = host.load("life", Life), host.load("life", Life)
    assert first.target is not second.target


def test_what_is_no_module(host: Host) -> None:
    wrong: Any = dict
    with pytest.raises(LoadError) as caught:
        host.load("wrong", wrong)
    assert str(caught.value) == (
        "cannot load module 'wrong'\n"
        "  expected a path or a mesibo_abi.Module, got dict\n"
        "  hint: subclass mesibo_abi.Module"
    )


# ---- Host functions -----------------------------------------------------------------------------


def test_host_functions_before_there_is_a_host() -> None:
    class Hasty(Module):
        def __init__(self) -> None:
            self.send("hello", to="bob")

    with pytest.raises(LoadError) as caught, Host() as host:
        host.load("hasty", Hasty)
    cause = caught.value.__cause__
    assert isinstance(cause, Error)
    assert str(cause) == (
        "Hasty called a host function before it was loaded\n"
        "  expected to be in a host, it is in none yet\n"
        "  hint: do in `init` what needs the host, not in `__init__`"
    )


def test_host_functions_after_close(host: Host) -> None:
    life = Life()
    host.load("life", life).close()
    calls: list[Callable[[], int]] = [
        lambda: life.send("hello", to="bob"),
        lambda: life.log("hello"),
        lambda: life.http("http://127.0.0.1/"),
    ]
    for call in calls:
        with pytest.raises(ClosedError, match="module 'life' is closed"):
            call()


def test_wrong_arguments_of_http(host: Host) -> None:
    life = Life()
    host.load("life", life)
    wrong: dict[str, Any]
    for wrong, kind, words in (
        ({"timeout": 3}, TypeError, "http has no option 'timeout': expected one of proxy, "),
        ({"retries": "3"}, TypeError, "http option 'retries' is of the wrong type: expected int"),
        ({"cookie": 3}, TypeError, "http option 'cookie' is of the wrong type: expected str"),
        ({"cookie": "a\0b"}, ValueError, "http option 'cookie' has a NUL in it: got 'a\\x00b'"),
        ({"retries": -1}, OverflowError, ""),
        ({"ims": 2**64}, OverflowError, ""),
    ):
        with pytest.raises(kind) as caught:
            life.http("http://127.0.0.1/", **wrong)
        assert str(caught.value).startswith(words)
    with pytest.raises(ValueError, match="http url has a NUL in it"):
        life.http("http://127.0.0.1/\0")
    assert host.open_requests() == 0


class Twice:
    """A buffer that is no bytes, and no text either."""

    def __bytes__(self) -> bytes:
        return b"never asked for"


@pytest.mark.parametrize("post", [5, 5.0, [1, 2], Twice()], ids=["int", "float", "list", "Twice"])
def test_a_post_that_is_none(host: Host, post: Any) -> None:
    life = Life()
    host.load("life", life)
    with pytest.raises(TypeError) as caught:
        life.http("http://127.0.0.1/", post)
    assert str(caught.value) == (
        f"http post is of the wrong type: expected str, bytes or a buffer, got {post!r}; pass one "
        "of them"
    )
    assert host.open_requests() == 0


@pytest.mark.parametrize("which", ["on_response", "on_data"])
def test_what_cannot_take_an_answer(host: Host, which: str) -> None:
    life = Life()
    host.load("life", life)
    wrong: dict[str, Any] = {which: 5}
    with pytest.raises(TypeError) as caught:
        life.http("http://127.0.0.1/", **wrong)
    assert str(caught.value) == (
        f"http {which} is of the wrong type: expected a callable or None, got 5; pass a function"
    )
    assert host.open_requests() == 0


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((5,), TypeError, "log text is of the wrong type: expected str, got 5; pass text"),
        ((b"x",), TypeError, "log text is of the wrong type: expected str, got b'x'; pass text"),
        (
            ("x", "y"),
            TypeError,
            "log level is of the wrong type: expected int, got 'y'; pass a number",
        ),
        (
            ("x", -1),
            OverflowError,
            "log level does not fit: expected 0 to 2**64 - 1, got -1; pass a number that does",
        ),
    ],
)
def test_what_cannot_be_logged(
    host: Host, arguments: Any, kind: type[Exception], words: str
) -> None:
    life = Life()
    host.load("life", life)
    list(host.logs)
    with pytest.raises(kind) as caught:
        life.log(*arguments)
    assert str(caught.value) == words
    assert list(host.logs) == []


def test_what_cannot_be_written_in_place_of_a_message(host: Host) -> None:
    class Rewriting(Module):
        def on_message(self, message: Message) -> Result:
            wrong: Any = "hello"
            self.rewrite(wrong)
            return Result.PASS

    host.load("rewriting", Rewriting)
    assert str(host.process(Message("HELLO")).error) == (
        "rewrite payload is of the wrong type: expected bytes, got 'hello'; pass bytes"
    )


def test_a_handler_set_on_the_instance(host: Host) -> None:
    module: Any = Module()
    module.on_message = lambda message: Result.CONSUMED
    host.load("plain", module)
    assert host.process(Message()).result is Result.CONSUMED


# ---- Threads ------------------------------------------------------------------------------------


def together(host: Host, count: int) -> list[Result]:
    results: list[Result] = []
    threads = [
        threading.Thread(target=lambda: results.append(host.process(Message()).result))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


class Meeting(Module):
    """Nobody leaves before two are there."""

    def init(self) -> None:
        self.barrier = threading.Barrier(2)

    def on_message(self, message: Message) -> Result:
        self.barrier.wait(60)
        return Result.PASS


def test_a_thread_safe_module_is_entered_by_several_threads(host: Host) -> None:
    host.load("meeting", Meeting, thread_safe=True)
    assert together(host, 2) == [Result.PASS] * 2


class Counting(Module):
    most = 0
    inside = 0

    def on_message(self, message: Message) -> Result:
        self.inside += 1
        self.most = max(self.most, self.inside)
        threading.Event().wait(0.01)
        self.inside -= 1
        return Result.PASS


def test_any_other_is_entered_by_one_at_a_time(host: Host) -> None:
    counting = Counting()
    host.load("counting", counting)
    assert together(host, 8) == [Result.PASS] * 8
    assert counting.most == 1


def test_a_module_that_processes_messages_itself(host: Host, built: Built) -> None:
    class Nested(Module):
        def on_message(self, message: Message) -> Result:
            if message.id < 50:
                verdict = host.process(message.replace(id=message.id + 1))
                assert verdict.error is None
            return Result.PASS

    host.load("nested", Nested)
    host.load("echo", built("echo"))
    verdict = host.process(Message(to="bob"))
    assert (verdict.error, len(verdict.sent)) == (None, 1)


def test_a_message_with_fields_beside_it(host: Host) -> None:
    class Both(Module):
        def on_message(self, message: Message) -> Result:
            self.send(message, to="c")
            return Result.PASS

    host.load("both", Both)
    assert str(host.process(Message("a", to="b")).error) == (
        "send got a Message and fields beside it: expected one or the other, got to as well; pass "
        "message.replace(...)"
    )
