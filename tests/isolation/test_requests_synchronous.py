"""Synchronous requests of isolated modules, in a call and on threads of their own."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Host, Message, ModuleCrashed, ModuleHung
from tests.conftest import SOURCES
from tests.tools import needs

pytestmark = [needs("cc"), pytest.mark.timeout(60)]

IN_THE_CALL, JOINED, DETACHED = range(3)


@pytest.fixture(scope="module")
def waits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("waits") / "mesibo_mod_waits.so"
    source = SOURCES / "sdk2019" / "waits.c"
    return mesibo_abi.build(source, output=output, revision="sdk2019", extra_args=["-g"])


def texts(host: Host, message: Message) -> list[str]:
    verdict = host.process(message)
    verdict.raise_for_error()
    return [line.text for line in [*verdict.logs, *host.logs]]


@pytest.mark.parametrize("kind", [IN_THE_CALL, JOINED])
@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_an_answer(host: Host, waits: Path, server: str, kind: int, size: int) -> None:
    """Also where the call waits for a thread that waits: neither needs what the other has."""
    host.load("waits", waits, isolated=True)
    for _ in range(3):
        lines = texts(host, Message(f"{server}/bytes/{size}", type=kind))
        assert lines == [f"returned 0, {size} bytes"]


def test_a_slow_callback_holds_back_what_comes(host: Host, waits: Path, server: str) -> None:
    host.load("waits", waits, isolated=True, deadline=60)
    lines = texts(host, Message(f"{server}/bytes/20000000", type=JOINED, aid=100))
    assert lines == ["returned 0, 20000000 bytes"]


def test_many_threads_at_once(host: Host, waits: Path, server: str) -> None:
    module = host.load("waits", waits, isolated=True)
    for _ in range(50):
        host.process(Message(f"{server}/bytes/100000", type=DETACHED)).raise_for_error()
    lines: list[str] = []
    deadline = time.monotonic() + 60
    while len(lines) < 50:
        assert time.monotonic() < deadline
        lines += [line.text for line in host.logs]
    assert set(lines) == {"returned 0, 100000 bytes"}
    module.close()


@pytest.mark.parametrize("kind", [IN_THE_CALL, JOINED])
def test_a_crash_in_a_callback(host: Host, waits: Path, server: str, kind: int) -> None:
    """It is part of the message's call: one end, one report."""
    module = host.load("waits", waits, isolated=True)
    message = Message(f"{server}/bytes/10", type=kind, from_="null")
    for crashes in (1, 2):
        error = host.process(message).error
        assert type(error) is ModuleCrashed
        assert error.message == message
        assert error.signal is signal.SIGSEGV
        assert len(module.crashes) == crashes
        assert host.open_requests() == 0
    assert texts(host, Message(f"{server}/bytes/10", type=kind))[-1] == "returned 0, 10 bytes"


def test_a_hang_in_a_callback(host: Host, waits: Path, server: str) -> None:
    module = host.load("waits", waits, isolated=True, deadline=1.0)
    error = host.process(Message(f"{server}/bytes/10", from_="hang")).error
    assert type(error) is ModuleHung
    assert len(module.crashes) == 1
    assert host.open_requests() == 0


def test_a_crash_in_the_middle_of_a_batch(host: Host, waits: Path, server: str) -> None:
    module = host.load("waits", waits, isolated=True)
    rows = [Message(f"{server}/bytes/{number}", from_="") for number in range(20)]
    rows[7] = Message(f"{server}/bytes/7", from_="null")
    result = host.process_batch(rows)
    assert {row: type(error) for row, error in result.errors.items()} == {7: ModuleCrashed}
    assert len(module.crashes) == 1
    assert [(row, line.text) for row, line in result.logs if "returned" in line.text] == [
        (number, f"returned 0, {number} bytes") for number in range(20) if number != 7
    ]


def test_time_on_the_network_is_not_the_modules(host: Host, waits: Path, server: str) -> None:
    host.load("waits", waits, isolated=True, deadline=1.0)
    assert texts(host, Message(f"{server}/slow/16/100")) == ["returned 0, 134 bytes"]


@pytest.mark.parametrize("kind", [IN_THE_CALL, DETACHED])
def test_a_process_that_ends_while_it_waits(
    host: Host, waits: Path, server: str, kind: int
) -> None:
    """The request would never be answered: it does not keep the caller."""
    module = host.load("waits", waits, isolated=True)
    message = Message(f"{server}/stall-headers", type=kind, to="kill")
    verdict = host.process(message)
    deadline = time.monotonic() + 60
    while not module.crashes:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (type(verdict.error) is ModuleCrashed) is (kind == IN_THE_CALL)
    assert module.crashes[0].signal is signal.SIGKILL
    assert host.wait_idle(60)
    assert "returned 0, 10 bytes" in texts(host, Message(f"{server}/bytes/10"))
    assert len(module.crashes) == 1


def test_a_close_while_threads_wait(host: Host, waits: Path, server: str) -> None:
    """Their last callbacks come before the cleanup."""
    module = host.load("waits", waits, isolated=True)
    for _ in range(5):
        host.process(Message(f"{server}/stall-headers", type=DETACHED))
    deadline = time.monotonic() + 60
    while host.open_requests() < 5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    module.close()
    lines = [line.text for line in host.logs]
    assert lines.count("failure") == 5
    assert lines.count("returned 0, 0 bytes") == 5
    assert max(i for i, line in enumerate(lines) if line == "failure") < lines.index("cleanup")
