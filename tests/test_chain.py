"""Several modules in one host: their order, what stops a message, what a failure does."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import (
    Host,
    LoadedModule,
    LogRecord,
    Message,
    Module,
    OnFailure,
    Result,
)
from tests.conftest import Built


class Step(Module):
    """Says that it got a message, and answers with what its item says."""

    def on_message(self, message: Message) -> Result:
        self.log(f"got {message.id}")
        if self.config["result"] == "raise":
            raise ValueError(f"{self.name} is broken")
        return Result[self.config["result"]]


STEPS = st.lists(st.sampled_from(["PASS", "CONSUMED", "FAIL", "raise"]), max_size=6)


def chain_of(steps: list[str], on_failure: OnFailure) -> Host:
    host = Host(on_failure=on_failure)
    for number, step in enumerate(steps):
        host.load(str(number), Step, config={"result": step})
    return host


@given(STEPS)
def test_the_first_that_does_not_pass_decides(steps: list[str]) -> None:
    with chain_of(steps, OnFailure.STOP) as host:
        verdict = host.process(Message(id=7))
    stop = next((at for at, step in enumerate(steps) if step != "PASS"), None)
    reached = range(len(steps) if stop is None else stop + 1)
    got = [(record.module, record.text) for record in verdict.logs if record.text == "got 7"]
    assert got == [(str(number), "got 7") for number in reached]
    decided = "PASS" if stop is None else steps[stop]
    assert verdict.result is (Result.FAIL if decided == "raise" else Result[decided])
    assert (verdict.by is None) == (stop is None)
    assert verdict.by is None or verdict.by.name == str(stop)
    assert (verdict.error is None) == (decided in ("PASS", "CONSUMED"))


@given(STEPS)
def test_a_host_may_pass_failures(steps: list[str]) -> None:
    with chain_of(steps, OnFailure.PASS) as host:
        verdict = host.process(Message(id=7))
    stop = next((at for at, step in enumerate(steps) if step == "CONSUMED"), None)
    reached = steps if stop is None else steps[: stop + 1]
    assert [r.text for r in verdict.logs if r.text == "got 7"] == ["got 7"] * len(reached)
    assert verdict.result is (Result.PASS if stop is None else Result.CONSUMED)
    failed = [step for step in reached if step in ("FAIL", "raise")]
    assert (verdict.error is None) == (not failed)
    if failed and failed[0] == "raise":
        assert isinstance(verdict.error, ValueError)


def test_on_failure_is_one_of_two() -> None:
    with Host(on_failure="pass"):
        pass
    with pytest.raises(TypeError) as caught:
        Host(on_failure="ignore")
    assert str(caught.value) == (
        "Host cannot be made with this on_failure=: expected 'stop' or 'pass', got 'ignore'; pass "
        "that, or leave it out"
    )


def test_a_failed_module_stays_in_the_chain(host: Host, built: Built) -> None:
    host.load("result", built("result"))
    host.load("echo", built("echo"))
    failed = host.process(Message("-1", to="bob"))
    assert (failed.result, failed.sent) == (Result.FAIL, [])
    passed = host.process(Message("0", to="bob"))
    assert (passed.result, len(passed.sent)) == (Result.PASS, 1)


def test_what_a_module_does_to_its_params_is_its_own(host: Host, built: Built) -> None:
    host.load("scribble", built("scribble"))
    host.load("echo", built("echo"))
    for long in ("bob", "b" * 1000):
        message = Message("hello", to=long, from_="alice", id=7, refid=8)
        verdict = host.process(message)
        assert verdict.sent == [message.replace(module="echo")]
        assert verdict.message == Message("hello", to=long, from_="alice", id=7, refid=8)


def test_the_same_library_twice(host: Host, built: Built) -> None:
    first = host.load("counter", built("counter"))
    second = host.load("counter", built("counter"))
    third = host.load("counter", built("counter"))
    assert [module.name for module in host.modules] == ["counter", "counter#2", "counter#3"]
    first.on_message(Message())
    second.on_message(Message())
    second.on_message(Message())
    assert (first.flags, second.flags, third.flags) == (1, 2, 0)
    assert [(record.module, record.text) for record in host.logs] == [
        ("counter", "1 in all, 1 here"),
        ("counter#2", "2 in all, 1 here"),
        ("counter#2", "3 in all, 2 here"),
    ]
    second.close()
    assert host.load("counter", built("counter")).name == "counter#2"


def test_python_before_between_and_behind_native_modules(host: Host, built: Built) -> None:
    host.load("first", Step, config={"result": "PASS"})
    host.load("echo", built("echo"))
    host.load("middle", Step, config={"result": "PASS"})
    host.load("events", built("events"))
    host.load("last", Step, config={"result": "CONSUMED"})
    verdict = host.process(Message(to="bob", id=3))
    assert [(record.module, record.text) for record in verdict.logs] == [
        ("first", "got 3"),
        ("middle", "got 3"),
        ("events", "message"),
        ("last", "got 3"),
    ]
    assert [message.module for message in verdict.sent] == ["echo"]
    assert (verdict.result, verdict.by) == (Result.CONSUMED, host.modules[-1])


def test_a_status_goes_to_the_module_that_sent_the_message(host: Host, built: Built) -> None:
    modules = [host.load(name, built("events")) for name in ("a", "b", "c")]
    verdict = host.status(Message(to="bob", module="b"), 3)
    assert verdict.returned == ((modules[1], 0),)
    assert [message.module for message in verdict.sent] == ["b"]
    for sender in (None, "the server"):
        verdict = host.status(Message(to="bob", module=sender), 3)
        assert [module for module, _ in verdict.returned] == modules
        assert [message.payload for message in verdict.sent] == [struct.pack("@Q", 3)] * 3


def test_a_call_goes_to_all_whatever_they_return(host: Host, built: Built) -> None:
    codes = [-1, 2, 1, 0]
    for code in codes:
        host.load(f"m{code}", built("result", f"-DCODE={code}"))
    verdict = host.call()
    assert [code for _, code in verdict.returned] == codes
    assert (verdict.result, verdict.by, verdict.error) == (Result.PASS, None, None)


# ---- What modules send, through the chain again -------------------------------------------------


class Answer(Module):
    """Answers every message with one more."""

    def on_message(self, message: Message) -> Result:
        self.send(message.payload + b"!", to="bob", id=message.id + 1)
        return Result.PASS


def test_what_is_sent_does_not_run_through_the_chain_again(host: Host) -> None:
    host.load("answer", Answer)
    verdict = host.process(Message("hi"))
    assert [message.payload for message in verdict.sent] == [b"hi!"]
    assert verdict.resent == []


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_host_may_send_it_through_so_deep(depth: int) -> None:
    with Host(resend_depth=depth) as host:
        host.load("answer", Answer)
        verdict = host.process(Message("hi"))
        for level in range(1, depth + 1):
            assert [message.payload for message in verdict.sent] == [b"hi" + b"!" * level]
            (verdict,) = verdict.resent
        assert verdict.resent == []
        again = host.process(Message("again"))
    assert len(again.resent) == 1


def test_a_loaded_module_knows_its_host(host: Host, built: Built) -> None:
    module: LoadedModule = host.load("echo", built("echo"))
    assert module.host is host


UNDONE = "wrote into the message, which is const in doc2019: undone; copy it first"


@pytest.mark.parametrize("hold_gil", [False, True])
def test_a_log_handler_that_fails_on_that_line(built: Built, hold_gil: bool) -> None:
    def log(record: LogRecord) -> None:
        if record.text == UNDONE:
            raise ValueError("cannot write")

    with Host(log=log) as host:
        module = host.load("const_write", built("const_write"), hold_gil=hold_gil)
        for verdict in (
            host.process(Message("hello")),
            host.process_batch([Message("hello")]).verdict(0),
        ):
            assert isinstance(verdict.error, ValueError)
        with pytest.raises(ValueError, match="cannot write"):
            module.on_message(Message("hello"))


@pytest.mark.parametrize("hold_gil", [False, True])
def test_an_interrupt_on_that_line_is_nobodys_verdict(built: Built, hold_gil: bool) -> None:
    def log(record: LogRecord) -> None:
        if record.text == UNDONE:
            raise KeyboardInterrupt

    with Host(log=log) as host:
        host.load("const_write", built("const_write"), hold_gil=hold_gil)
        with pytest.raises(KeyboardInterrupt):
            host.process(Message("hello"))


@pytest.mark.parametrize("hold_gil", [False, True])
@pytest.mark.parametrize("size", [1, 5, 255, 256, 100_000])
def test_a_module_that_writes_into_its_const_message(
    host: Host, built: Built, size: int, hold_gil: bool
) -> None:
    """Neither the caller's bytes nor what the next one sees change."""
    path = built("const_write")
    first = host.load("first", path, hold_gil=hold_gil)
    host.load("second", path, hold_gil=hold_gil)
    payload = b"x" * size
    message = Message(payload)
    verdict = host.process(message)
    assert verdict.message is message
    assert payload == message.payload == b"x" * size
    found = f"found {'x' * min(size, 10)}"
    assert [(line.module, line.text) for line in verdict.logs] == [
        (name, text) for name in ("first", "second") for text in (found, UNDONE)
    ]
    assert first.on_message(message) is Result.PASS
    assert payload == message.payload == b"x" * size
