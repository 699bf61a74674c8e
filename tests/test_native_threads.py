"""Threads and processes that a module makes by itself: how they end, and what they reach."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator

import pytest

from mesibo_abi import Host, LoadedModule, LoadError, LogRecord, Message, Module, Result
from tests.conftest import Built
from tests.running import SILENT, run

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def busy() -> Iterator[None]:
    """Another Python thread that wants the GIL all the time."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=spin)
    thread.start()
    yield
    stop.set()
    thread.join()


# ---- Their end ----------------------------------------------------------------------------------

IN_HANDLER = {
    "a thread-local": "local.last = Last()",
    "a decimal context": "decimal.Decimal(1) / 3",
    "its thread object": "threading.current_thread()",
    "an event loop": "asyncio.run(asyncio.sleep(0), debug=False)",
    "an exception": "traceback.format_exception(ValueError())",
}


@pytest.mark.parametrize("what", IN_HANDLER)
def test_what_python_keeps_for_a_thread_goes_with_it(built: Built, what: str) -> None:
    program = f"""
    import asyncio, decimal, sys, threading, traceback
    from mesibo_abi import Host, Message

    local = threading.local()
    gone = []

    class Last:
        def __del__(self):
            gone.append(other.process(Message(to="bob")).result)

    def send(module, message):
        {IN_HANDLER[what]}

    with Host() as other, Host(send=send) as host:
        host.load("waiter", sys.argv[1])
        for turn in range(1, 4):
            verdict = host.process(Message("send", to="bob"))
            assert verdict.logs[-1].text == "the thread got 0", verdict
            assert len(gone) == ({what == "a thread-local"}) * turn, gone
    """
    assert run(program, built("waiter"), checked=True) == SILENT


def test_beside_another_interpreter(built: Built) -> None:
    program = """
    import sys
    from mesibo_abi import Host, Message

    if sys.version_info >= (3, 13):
        import _interpreters as interpreters
    else:
        import _xxsubinterpreters as interpreters

    made = interpreters.create()
    got = []
    with Host(send=lambda module, message: got.append(message.payload)) as host:
        host.load("waiter", sys.argv[1])
        host.process(Message("send", to="bob"))
    assert got == [b"from the thread"], got
    interpreters.destroy(made)
    """
    assert run(program, built("waiter")) == SILENT


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("handlers", [False, True])
def test_threads_that_cleanup_cancels(built: Built, handlers: bool) -> None:
    """In the middle of a host function, too: no lock stays behind."""
    heard: list[str] = []

    def log(record: LogRecord) -> None:
        heard.append(record.text)

    for _ in range(5):
        with Host(send=lambda *_: None, log=log) if handlers else Host() as host:
            module = host.load("cancelled", built("cancelled"))
            host.call()
            module.close()
            lines = heard if handlers else [record.text for record in host.logs]
            assert lines[-1] == "joined"


# ---- Where they cannot believe that the GIL is held ----------------------------------------------


@pytest.mark.usefixtures("busy")
def test_a_library_that_python_calls_by_other_means(built: Built) -> None:
    """In a pass that holds the GIL, but ctypes lets it go."""
    got: list[Message] = []

    class Caller(Module):
        def on_message(self, message: Message) -> Result:
            assert library.exported_send() == 0
            return Result.PASS

    with Host(send=lambda _, message: got.append(message)) as host:
        host.load("exported", built("exported"), hold_gil=True)
        library = ctypes.CDLL(str(built("exported")))
        host.load("caller", Caller)
        for _ in range(20):
            assert host.process(Message()).error is None
    assert [message.payload for message in got] == [b"exported"] * 20


@pytest.mark.usefixtures("busy")
def test_a_load_inside_a_pass_of_another_host(built: Built) -> None:
    """The module asks in its init and refuses then; the answer is logged by Python."""
    lines: list[str] = []
    refused: list[LoadError] = []

    class Loader(Module):
        def on_message(self, message: Message) -> Result:
            with pytest.raises(LoadError) as error:
                inner.load("refuse_open", built("refuse_open"))
            refused.append(error.value)
            return Result.PASS

    def log(record: LogRecord) -> None:
        lines.append(record.text)

    with Host(log=log) as inner, Host() as outer:
        outer.load("loader", Loader)
        for _ in range(20):
            assert outer.process(Message()).error is None
    assert len(refused) == 20
    assert lines == ["progress -1"] * 20


# ---- Children ------------------------------------------------------------------------------------


@pytest.mark.parametrize("handlers", [False, True])
def test_host_functions_fail_in_a_child_of_fork(built: Built, handlers: bool) -> None:
    """The threads that would serve them are the parent's."""
    got: list[object] = []

    def send(module: LoadedModule, message: Message) -> None:
        got.append(message)

    with Host(send=send if handlers else None) as host:
        host.load("forker", built("forker"))
        for _ in range(5):
            verdict = host.process(Message())
            assert [record.text for record in verdict.logs] == ["status 0"]
            assert verdict.sent == []
    assert got == []
