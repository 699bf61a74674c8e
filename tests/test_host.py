"""Loading from code, a module's callbacks, events, and the end."""

from __future__ import annotations

import contextlib
import gc
import struct
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import mesibo_abi
from mesibo_abi import (
    BadResult,
    CallbackNotSet,
    ClosedError,
    Error,
    Host,
    Limits,
    Message,
    Module,
    ModuleError,
    Result,
    Verdict,
)
from tests.conftest import Built
from tests.fields import MESSAGES, SENDABLE, WORDS
from tests.services.recorder import wait_until


@pytest.fixture(scope="module")
def echo(built: Built) -> Any:
    with Host() as host:
        host.load("echo", built("echo"))
        yield host


@given(SENDABLE)
def test_whatever_goes_into_a_module_comes_out_unchanged(echo: Host, message: Message) -> None:
    verdict = echo.process(message)
    assert verdict.sent == [message.replace(module="echo")]
    assert verdict.message is message
    assert (verdict.result, verdict.by, verdict.error) == (Result.PASS, None, None)
    assert verdict.logs == []


@pytest.fixture(scope="module")
def events(built: Built) -> Any:
    with Host() as host:
        host.load("events", built("events"))
        yield host


@given(SENDABLE, WORDS)
def test_a_status_at_its_full_range(events: Host, message: Message, status: int) -> None:
    verdict = events.status(message, status)
    expected = message.replace(payload=struct.pack("@Q", status), module="events")
    assert verdict.sent == [expected]
    assert verdict.returned == ((events.modules[0], 0),)
    assert (verdict.result, verdict.message) == (Result.PASS, message)


def test_calls_go_to_all_and_their_codes_are_reported(events: Host) -> None:
    verdict = events.call()
    assert [record.text for record in verdict.logs] == ["call"]
    assert verdict.returned == ((events.modules[0], 0),)
    verdict = events.call_status()
    assert [record.text for record in verdict.logs] == ["call status"]
    assert verdict.returned == ((events.modules[0], 1),)
    assert (verdict.result, verdict.message) == (Result.PASS, None)


@pytest.mark.parametrize("size", [0, 1, 4096, 64 << 20])
def test_sizes(echo: Host, size: int) -> None:
    message = Message(bytes(range(256)) * (size // 256) + b"\0" * (size % 256), to="bob")
    assert len(message.payload) == size
    (sent,) = echo.process(message).sent
    assert sent.payload == message.payload


def test_messages_with_nuls(echo: Host) -> None:
    (sent,) = echo.process(Message(b"\0a\0\0b\0", to="bob")).sent
    assert sent.payload == b"\0a\0\0b\0"


def test_what_a_loaded_module_says_of_itself(host: Host, built: Built) -> None:
    path = built("events")
    module = host.load("calls", path)
    assert module.name == "calls"
    assert (module.version, module.flags, module.revision) == (1, 0xFEDCBA9876543210, "doc2019")
    assert (module.path, module.declared_name, module.closed) == (path, "events", False)
    assert module.callbacks == {"on_message", "on_message_status", "on_call", "on_call_status"}
    assert repr(module) == "<LoadedModule 'calls' (doc2019)>"
    assert repr(host) == "<Host [calls]>"
    module.close()
    assert module.closed
    assert (module.version, module.flags) == (1, 0xFEDCBA9876543210)
    assert (module.callbacks, module.declared_name) == (frozenset(), None)
    assert repr(module) == "<LoadedModule 'calls' (closed)>"


def test_a_module_that_wants_no_events(host: Host, built: Built) -> None:
    module = host.load("minimal", built("minimal"))
    assert module.callbacks == frozenset()
    assert host.process(Message()).result is Result.PASS
    assert host.call().returned == ()


@pytest.mark.parametrize(
    "callback", ["on_message", "on_message_status", "on_call", "on_call_status"]
)
def test_a_callback_left_null(host: Host, built: Built, callback: str) -> None:
    module = host.load("minimal", built("minimal"))
    arguments = {"on_message": (Message(),), "on_message_status": (Message(), 1)}
    with pytest.raises(CallbackNotSet) as caught:
        getattr(module, callback)(*arguments.get(callback, ()))
    assert str(caught.value) == (
        f"module 'minimal' has no {callback}\n"
        f"  expected a function in the slot `{callback}`, the module left it NULL\n"
        f"  hint: set mod->{callback} in the module's init (in Python: define {callback}), or ask "
        "`module.callbacks` first"
    )
    assert (caught.value.module, caught.value.callback) == ("minimal", callback)


def test_direct_calls(host: Host, built: Built) -> None:
    module = host.load("events", built("events"))
    assert module.on_message(Message()) is Result.PASS
    assert module.on_message_status(Message(to="bob"), 2**64 - 1) is Result.PASS
    assert module.on_call() is Result.PASS
    assert module.on_call_status() is Result.CONSUMED
    assert [record.text for record in host.logs] == ["message", "call", "call status"]
    assert [message.payload for message in host.sent] == [b"\xff" * 8]


@given(MESSAGES)
def test_direct_calls_take_any_message(echo: Host, message: Message) -> None:
    assert echo.modules[0].on_message(message) is Result.PASS
    assert len(list(echo.sent)) == bool(message.to or message.groupid)


@pytest.mark.parametrize("code", [2, -2, 127, -(2**31), 2**31 - 1])
def test_a_callback_that_returns_another_code(host: Host, built: Built, code: int) -> None:
    module = host.load("result", built("result"))
    words = (
        "module 'result' returned an unknown code from on_message\n"
        "  expected MESIBO_RESULT_PASS (0) or MESIBO_RESULT_CONSUMED (1), "
        f"got {code}\n"
        "  hint: return one of the codes of module.h"
    )
    verdict = host.process(Message(str(code)))
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert isinstance(verdict.error, BadResult)
    assert str(verdict.error) == words
    assert verdict.error.code == code
    with pytest.raises(BadResult) as caught:
        module.on_message(Message(str(code)))
    assert str(caught.value) == words
    assert host.process(Message("1")).result is Result.CONSUMED


def test_a_callback_that_fails(host: Host, built: Built) -> None:
    module = host.load("result", built("result"))
    verdict = host.process(Message("-1"))
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert str(verdict.error) == (
        "module 'result' failed in on_message\n"
        "  expected MESIBO_RESULT_PASS (0) or MESIBO_RESULT_CONSUMED (1), "
        "it returned MESIBO_RESULT_FAIL (-1)\n"
        "  hint: its log lines may say why"
    )


def test_what_other_callbacks_return_is_reported(host: Host, built: Built) -> None:
    module = host.load("result", built("result", "-DCODE=2"))
    for verdict in (host.call(), host.status(Message(), 1)):
        assert verdict.returned == ((module, 2),)
        assert (verdict.result, verdict.by, verdict.error) == (Result.PASS, None, None)


def test_what_is_no_folder_and_no_configuration() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError) as caught:
        Host(config_folder=wrong)
    assert str(caught.value) == (
        "Host cannot be made with this config_folder=: expected a path, got 5; pass that, or leave "
        "it out"
    )
    with pytest.raises(TypeError) as caught:
        Host.from_config(wrong)
    assert str(caught.value) == (
        "the configuration is of the wrong type: expected str or a path, got 5; pass the path of a "
        "file"
    )


def test_what_no_caller_may_do(host: Host, built: Built) -> None:
    module = host.load("events", built("events"))
    wrong: Any = "no message"
    seconds: Any = "x"
    for call in (host.process, module.on_message):
        with pytest.raises(TypeError):
            call(wrong)
    for status in (-1, 2**64):
        with pytest.raises(OverflowError, match="`status` does not fit: expected 0 to 2"):
            host.status(Message(), status)
    bad: list[dict[str, Any]] = [{"send": 5}, {"log": 5}, {"http": 5}, {"limits": 5}]
    bad.append({"config_folder": 5})
    for arguments in [*bad, {"resend_depth": -1}]:
        with pytest.raises(TypeError, match=r"Host cannot be made with this \w+=: expected"):
            Host(**arguments)
    with pytest.raises(ValueError, match="Limits cannot have outbox=-1: expected a number"):
        Limits(outbox=-1)
    with pytest.raises(TypeError, match="wait_idle cannot wait for 'x': expected seconds"):
        host.wait_idle(seconds)
    assert list(host.logs) == []


# ---- What arrives outside of process ------------------------------------------------------------


def test_mail_waits_in_order_until_it_is_taken(host: Host, built: Built) -> None:
    module = host.load("echo", built("echo"))
    for number in range(5):
        module.on_message(Message(to="bob", id=number))
    assert len(host.sent) == 5
    assert repr(host.sent) == "<5 waiting>"
    assert [message.id for message in host.sent] == [0, 1, 2, 3, 4]
    assert [*host.sent] == []


def test_mail_can_be_taken_after_close(built: Built) -> None:
    with Host() as host:
        host.load("farewell", built("farewell"))
    assert [(message.payload, message.to) for message in host.sent] == [(b"bye", "bob")]
    assert [record.text for record in host.logs] == [
        "cleanup",
        "http refused: the module is being closed",
        "http in cleanup: -1",
        "destructor",
    ]


def test_wait_idle_without_requests(host: Host) -> None:
    assert host.wait_idle()
    assert host.wait_idle(0)
    assert host.open_requests() == 0


def drop(holder: list[Host]) -> None:
    """Lets go of the last reference."""
    holder.clear()
    gc.collect()


# ---- Close --------------------------------------------------------------------------------------


def test_a_closed_module(host: Host, built: Built) -> None:
    module = host.load("echo", built("echo"))
    module.close()
    module.close()
    assert host.modules == ()
    assert host.process(Message(to="bob")).sent == []
    with pytest.raises(ClosedError) as caught:
        module.on_message(Message())
    assert str(caught.value) == (
        "module 'echo' is closed\n"
        "  expected an open module, it was closed before this call\n"
        "  hint: load it again"
    )


def test_a_closed_host(built: Built) -> None:
    with Host() as host:
        module = host.load("echo", built("echo"))
    assert host.closed
    assert module.closed
    host.close()
    calls = (
        lambda: host.process(Message()),
        lambda: host.status(Message(), 1),
        host.call,
        host.call_status,
        host.wait_idle,
        lambda: host.load("echo", built("echo")),
    )
    for call in calls:
        with pytest.raises(ClosedError) as caught:
            call()
        assert str(caught.value) == (
            "the host is closed\n"
            "  expected an open host, `close` was called before\n"
            "  hint: make a new Host"
        )


def test_modules_close_in_the_order_of_the_chain(built: Built) -> None:
    with Host() as host:
        for name in ("a", "b", "c"):
            host.load(name, built("farewell"))
    cleanups = [record.module for record in host.logs if record.text == "cleanup"]
    assert cleanups == ["a", "b", "c"]


def test_what_cleanup_returned_is_said(built: Built, caplog: pytest.LogCaptureFixture) -> None:
    with Host() as host:
        host.load("result", built("result", "-DCODE=3"))
    assert "the cleanup of module 'result' returned 3" in caplog.messages


class Closer(Module):
    """Closes whatever it is told to, in the middle of a message."""

    victim: Any = None

    def on_message(self, message: Message) -> Result:
        self.victim.close()
        return Result.PASS


def test_a_module_cannot_be_closed_by_its_own_callback(host: Host) -> None:
    closer = Closer()
    closer.victim = module = host.load("closer", closer)
    verdict = host.process(Message())
    assert isinstance(verdict.error, ModuleError)
    assert str(verdict.error) == (
        "module 'closer' cannot be closed inside its own callback\n"
        "  expected a thread outside of the module, this one is in the middle of its code\n"
        "  hint: close it after the callback has returned"
    )
    assert not module.closed


def test_a_host_cannot_be_closed_by_a_callback(host: Host) -> None:
    closer = Closer()
    closer.victim = host
    host.load("closer", closer)
    verdict = host.process(Message())
    assert isinstance(verdict.error, Error)
    assert str(verdict.error) == (
        "close was called inside a callback of a module of this host\n"
        "  expected a thread that no module waits for\n"
        "  hint: call it after the callback has returned"
    )
    assert not host.closed


@pytest.mark.parametrize("order", ["before", "behind"])
def test_a_module_closed_by_the_callback_of_another(host: Host, built: Built, order: str) -> None:
    closer = Closer()
    if order == "behind":
        host.load("closer", closer)
    closer.victim = victim = host.load("echo", built("echo"))
    if order == "before":
        host.load("closer", closer)
    sent = host.process(Message(to="bob")).sent
    assert len(sent) == (order == "before")
    assert victim.closed
    assert host.process(Message(to="bob")).sent == []


def test_a_module_loaded_by_the_callback_of_another(host: Host, built: Built) -> None:
    class Loader(Module):
        def on_message(self, message: Message) -> Result:
            if len(host.modules) == 1:
                host.load("echo", built("echo"))
            return Result.PASS

    host.load("loader", Loader)
    assert host.process(Message(to="bob")).sent == []  # it came after this message had set out
    assert len(host.process(Message(to="bob")).sent) == 1


def test_wait_idle_in_a_callback(host: Host) -> None:
    class Waiter(Module):
        def on_message(self, message: Message) -> Result:
            host.wait_idle()
            return Result.PASS

    host.load("waiter", Waiter)
    assert str(host.process(Message()).error).startswith(
        "wait_idle was called inside a callback of a module of this host\n"
    )


def test_close_waits_for_a_message_under_way(built: Built) -> None:
    verdicts: list[Verdict] = []
    with Host() as host:
        module = host.load("sleeper", built("sleeper"))
        thread = threading.Thread(target=lambda: verdicts.append(host.process(Message("200"))))
        thread.start()
        time.sleep(0.05)
        module.close()
        thread.join()
    assert verdicts[0].result is Result.PASS


def test_a_host_that_nobody_closes(built: Built) -> None:
    host = Host()
    library = built("echo", "-DCOLLECTED")
    host.load("echo", library)
    gone = weakref.ref(host)
    holder = [host]
    del host
    with pytest.warns(ResourceWarning, match=r"unclosed host <Host \[echo\]>"):
        drop(holder)
    assert gone() is None
    assert str(library) not in Path("/proc/self/maps").read_text()


def test_threads_of_a_host_end_with_it(built: Built) -> None:
    def threads() -> list[str]:
        names = []
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # it ends just now
                names.append((task / "comm").read_text().strip())
        return names

    def answer(request: mesibo_abi.HttpRequest) -> mesibo_abi.HttpResponse:
        return mesibo_abi.HttpResponse()

    with Host(http=answer) as host:
        host.load("fetch", built("fetch"))
        host.process(Message("http://nowhere/", to=None))
        assert host.wait_idle(60)
        assert "mesibo-calls" in threads()
    wait_until(lambda: "mesibo-calls" not in threads())  # joined, and not yet out of the list
