"""Modules in Python that fail: what they raise and return, and where that comes out."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from mesibo_abi import (
    BadResult,
    ClosedError,
    Host,
    LoadError,
    Message,
    Module,
    ModuleError,
    Result,
)


class Refusing(Module):
    answer: Any = 3

    def init(self) -> int | None:
        self.log("no licence")
        if isinstance(self.answer, Exception):
            raise self.answer
        value: int | None = self.answer
        return value


def test_an_init_that_refuses(host: Host) -> None:
    refusing = Refusing()
    with pytest.raises(LoadError) as caught:
        host.load("refusing", refusing)
    assert str(caught.value) == (
        "cannot load module 'refusing'\n"
        "  expected Refusing.init to return 0, it returned 3\n"
        "  hint: return None or 0 from `init`: anything else refuses the load\n"
        "  it logged: no licence"
    )
    with pytest.raises(ClosedError, match="module 'refusing' is closed"):
        refusing.send("hello", to="bob")


def test_an_init_that_raises(host: Host) -> None:
    refusing = Refusing()
    refusing.answer = ValueError("no key")
    with pytest.raises(LoadError) as caught:
        host.load("refusing", refusing)
    assert str(caught.value) == (
        "cannot load module 'refusing'\n"
        "  expected Refusing.init to return 0, Python code that it called failed\n"
        "  hint: see the exception above\n"
        "  it logged: no licence\n"
        "  it logged: init: ValueError: no key"
    )
    assert caught.value.__cause__ is refusing.answer
    refusing.answer = None
    assert host.load("refusing", refusing).name == "refusing"  # that time nothing stayed behind


def test_an_exception(host: Host) -> None:
    class Broken(Module):
        def on_message(self, message: Message) -> Result:
            raise LookupError("no such word")

        def on_message_status(self, message: Message, status: int) -> Result:
            raise LookupError(f"status {status}")

        def on_call(self) -> Result:
            raise LookupError("call")

    module = host.load("broken", Broken)
    verdict = host.process(Message())
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert isinstance(verdict.error, LookupError)
    assert verdict.error.__traceback__ is not None
    assert [record.text for record in verdict.logs] == ["on_message: LookupError: no such word"]
    with pytest.raises(LookupError, match="no such word"):
        module.on_message(Message())
    verdict = host.status(Message(), 7)
    assert (verdict.result, str(verdict.error)) == (Result.FAIL, "status 7")
    assert verdict.returned == ((module, -1),)
    assert str(host.call().error) == "call"


def test_an_interrupt_is_nobodys_verdict(host: Host) -> None:
    class Interrupted(Module):
        def on_message(self, message: Message) -> Result:
            raise KeyboardInterrupt

        def on_call(self) -> Result:
            raise KeyboardInterrupt

    module = host.load("interrupted", Interrupted)
    for call in (
        lambda: host.process(Message()),
        lambda: module.on_message(Message()),
        host.call,
    ):
        with pytest.raises(KeyboardInterrupt):
            call()
    module.close()
    assert host.process(Message()).result is Result.PASS


def test_an_interrupt_behind_a_failure_is_not_lost() -> None:
    class Raising(Module):
        what: BaseException

        def on_message(self, message: Message) -> Result:
            raise self.what

    first, second = Raising(), Raising()
    first.what, second.what = LookupError("broken"), KeyboardInterrupt()
    with Host(on_failure="pass") as host:
        host.load("first", first)
        host.load("second", second)
        with pytest.raises(KeyboardInterrupt):
            host.process(Message())


EXITS = [SystemExit(0), SystemExit("bye"), GeneratorExit(), asyncio.CancelledError()]


class Exiting(Module):
    """Raises at one place what would end whoever runs it."""

    def __init__(self, at: str, what: BaseException) -> None:
        self.at, self.what = at, what

    def leave(self, at: str) -> Result:
        if at == self.at:
            raise self.what
        return Result.PASS

    def init(self) -> int:
        return self.leave("init")

    def on_message(self, message: Message) -> Result:
        return self.leave("on_message")

    def on_message_status(self, message: Message, status: int) -> Result:
        return self.leave("on_message_status")

    def cleanup(self) -> int:
        return self.leave("cleanup")


def words_of_exit(at: str, what: BaseException) -> str:
    return (
        f"module 'exiting' raised {type(what).__name__} in {at}\n"
        f"  expected it to return, or to raise an Exception, found {what!r}\n"
        "  hint: a module does not end what runs it: return a code, or raise an Exception"
    )


@pytest.mark.parametrize("what", EXITS, ids=repr)
def test_an_exit_is_the_modules_own_failure(host: Host, what: BaseException) -> None:
    module = host.load("exiting", Exiting("on_message", what))
    verdict = host.process(Message())
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert isinstance(verdict.error, ModuleError)
    assert (verdict.error.module, verdict.error.callback) == ("exiting", "on_message")
    assert str(verdict.error) == words_of_exit("on_message", what)
    assert verdict.error.__cause__ is what
    assert [record.text for record in verdict.logs] == [
        f"on_message: {type(what).__name__}: {what}"
    ]
    with pytest.raises(ModuleError, match="raised"):
        module.on_message(Message())
    assert host.status(Message(), 1).result is Result.PASS


def test_an_exit_in_another_event(host: Host) -> None:
    host.load("exiting", Exiting("on_message_status", SystemExit(3)))
    verdict = host.status(Message(), 1)
    assert verdict.result is Result.FAIL
    assert str(verdict.error) == words_of_exit("on_message_status", SystemExit(3))


def test_an_exit_in_init_or_cleanup() -> None:
    host = Host()
    with pytest.raises(LoadError) as caught:
        host.load("exiting", Exiting("init", SystemExit(0)))
    assert str(caught.value.__cause__) == words_of_exit("init", SystemExit(0))
    module = host.load("exiting", Exiting("cleanup", SystemExit(0)))
    with pytest.raises(ModuleError) as late:
        host.close()
    assert str(late.value) == words_of_exit("cleanup", SystemExit(0))
    assert module.closed


def test_an_exit_in_a_handler_is_its_owners_wish() -> None:
    class Sending(Module):
        def on_message(self, message: Message) -> Result:
            self.send("x", to="bob")
            return Result.PASS

    def leave(module: object, message: Message) -> int:
        raise SystemExit(3)

    with Host(send=leave) as host:
        host.load("sending", Sending)
        with pytest.raises(SystemExit):
            host.process(Message())


def test_an_interrupt_in_init_or_cleanup() -> None:
    class Interrupted(Module):
        at: ClassVar[str] = "init"

        def init(self) -> None:
            if self.at == "init":
                raise KeyboardInterrupt

        def cleanup(self) -> None:
            raise KeyboardInterrupt

    with Host() as host:
        with pytest.raises(KeyboardInterrupt):
            host.load("interrupted", Interrupted)
        assert host.modules == ()
        Interrupted.at = "cleanup"
        first, second = host.load("a", Interrupted), host.load("b", Module)
        with pytest.raises(KeyboardInterrupt):
            host.close()
        assert (first.closed, second.closed) == (True, True)


def test_the_first_of_several_exceptions_of_a_chain() -> None:
    class Broken(Module):
        def on_message(self, message: Message) -> Result:
            raise LookupError(self.name)

    with Host(on_failure="pass") as host:
        for name in ("one", "two"):
            host.load(name, Broken)
        verdict = host.process(Message())
    assert verdict.result is Result.PASS
    assert str(verdict.error) == "one"
    assert verdict.error is not None
    assert verdict.error.__notes__ == ["then, in the same call: LookupError: two"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            None,
            "on_message returned None: expected mesibo_abi.Result.PASS or CONSUMED; "
            "return one of them",
        ),
        (
            "PASS",
            "on_message returned str: expected a Result, an int or None, got 'PASS'; "
            "return mesibo_abi.Result.PASS",
        ),
        (
            2**31,
            "on_message returned 2147483648: expected a code that fits a C int; "
            "return mesibo_abi.Result.PASS",
        ),
    ],
)
def test_what_is_no_result(host: Host, value: Any, words: str) -> None:
    class Odd(Module):
        def on_message(self, message: Message) -> Result:
            result: Result = value
            return result

    host.load("odd", Odd)
    verdict = host.process(Message())
    assert verdict.result is Result.FAIL
    assert str(verdict.error) == words


def test_another_code_is_a_bad_result(host: Host) -> None:
    class Odd(Module):
        def on_message(self, message: Message) -> Any:
            return 2

    host.load("odd", Odd)
    verdict = host.process(Message())
    assert isinstance(verdict.error, BadResult)
    assert verdict.error.code == 2


def test_an_exception_in_cleanup() -> None:
    class Broken(Module):
        def cleanup(self) -> None:
            raise LookupError(self.name)

    host = Host()
    first, second = host.load("a", Broken), host.load("b", Broken)
    with pytest.raises(LookupError, match="a") as caught:
        host.close()
    assert caught.value.__notes__ == ["then, closing another module: LookupError: b"]
    assert (first.closed, second.closed) == (True, True)
    assert [record.text for record in host.logs] == [
        "cleanup: LookupError: a",
        "cleanup: LookupError: b",
    ]
