"""mesibo_http of sdk2019: its states, and requests that are synchronous."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest

from mesibo_abi import Host, HttpRequest, HttpResponse, LogRecord, Message, Verdict
from tests.sdk_services.conftest import BuiltFor

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]

SYNCHRONOUS, THREAD = 1, 3
STATES = ["data 0 0 0 NULL", "data 1 0 0 NULL", "data 2 0 N", "data 3 100 5"]
FAILED = "data 3 -1 0 NULL"


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(body=b"hello")


def ask(host: Host, url: str = "http://nowhere/", **fields: Any) -> Verdict:
    return host.process(Message(url, **{"to": None, **fields}))


def texts(records: list[LogRecord]) -> list[str]:
    lines = [record.text.removeprefix("0: ") for record in records]
    return [re.sub(r"^(data 2 0) [1-9]\d*$", r"\1 N", line) for line in lines]


def test_the_states_in_order(built_for: BuiltFor) -> None:
    with Host(http=hello) as host:
        host.load("fetch", built_for("sdk2019", "http_calls"))
        assert texts(ask(host, to="x").logs) == ["returned 0"]
        assert host.wait_idle(60)
        assert texts(list(host.logs)) == STATES


def test_a_failure_is_the_last_call(host: Host, built_for: BuiltFor, dead_port: int) -> None:
    host.load("fetch", built_for("sdk2019", "http_calls"))
    ask(host, f"http://127.0.0.1:{dead_port}/")
    assert host.wait_idle(60)
    assert texts(list(host.logs))[1:] == [FAILED]


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_cancel_ends_it_without_a_call(built_for: BuiltFor, stop: int) -> None:
    with Host(http=hello) as host:
        host.load("fetch", built_for("sdk2019", "http_calls"))
        ask(host, to="x", refid=stop)
        assert host.wait_idle(60)
        assert texts(list(host.logs)) == STATES[:stop]


# ---- Synchronous ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hold_gil", [False, True])
def test_synchronous_callbacks_come_inside_the_call(built_for: BuiltFor, hold_gil: bool) -> None:
    with Host(http=hello) as host:
        host.load("fetch", built_for("sdk2019", "http_calls"), hold_gil=hold_gil)
        logs = ask(host, to="x", flags=SYNCHRONOUS).logs
        assert texts(logs) == [*STATES, "returned 0"]
        assert len({record.thread for record in logs}) == 1
        is_here = logs[0].thread == threading.get_native_id()
        assert is_here is not host.modules[0].isolated
        assert host.open_requests() == 0
        assert list(host.logs) == []


@pytest.mark.parametrize("hold_gil", [False, True])
def test_a_synchronous_request_to_a_server(
    host: Host, built_for: BuiltFor, server: str, hold_gil: bool
) -> None:
    host.load("fetch", built_for("sdk2019", "http_calls"), hold_gil=hold_gil)
    lines = texts(ask(host, f"{server}/slow/3/20", flags=SYNCHRONOUS).logs)
    assert lines[:2] == [STATES[0], STATES[2]]
    assert [line for line in lines if line.startswith("data 3 100")] == lines[-2:-1]
    assert lines[-1] == "returned 0"


def test_a_synchronous_failure(host: Host, built_for: BuiltFor, dead_port: int) -> None:
    host.load("fetch", built_for("sdk2019", "http_calls"))
    lines = texts(ask(host, f"http://127.0.0.1:{dead_port}/", flags=SYNCHRONOUS).logs)
    assert lines[1:] == [FAILED, "returned 0"]


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_synchronous_cancel(built_for: BuiltFor, stop: int) -> None:
    """Answers that came behind it are dropped, and hold nothing."""
    with Host(http=hello) as host:
        host.load("fetch", built_for("sdk2019", "http_calls"))
        for _ in range(20):
            lines = texts(ask(host, to="x", refid=stop, flags=SYNCHRONOUS).logs)
            assert lines == [*STATES[:stop], "returned 0"]
        assert host.open_requests() == 0


@pytest.mark.parametrize("close", ["host", "module"])
def test_a_close_does_not_wait_for_it(built_for: BuiltFor, server: str, close: str) -> None:
    host = Host()
    module = host.load("fetch", built_for("sdk2019", "http_calls"))
    verdicts: list[Verdict] = []

    def work() -> None:
        verdicts.append(ask(host, f"{server}/stall-headers", flags=SYNCHRONOUS))

    thread = threading.Thread(target=work)
    thread.start()
    while host.open_requests() == 0:
        time.sleep(0.01)
    began = time.monotonic()
    (host if close == "host" else module).close()
    assert time.monotonic() - began < 10
    thread.join()
    host.close()
    assert texts(verdicts[0].logs)[-2:] == [FAILED, "returned 0"]


def test_it_is_refused_on_the_service_thread(built_for: BuiltFor) -> None:
    """There it would wait for itself."""
    seen: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.extend(texts(ask(host, "http://elsewhere/", flags=SYNCHRONOUS).logs))
        return HttpResponse()

    with Host(http=answer) as host:
        host.load("fetch", built_for("sdk2019", "http_calls"))
        ask(host)
        assert host.wait_idle(60)
    assert seen == [
        "http refused: a synchronous request on the thread that serves requests would wait for "
        "itself",
        "returned -1",
    ]


@pytest.mark.parametrize("thread_safe", [False, True])
def test_a_close_while_a_thread_of_the_module_waits(
    host: Host, built_for: BuiltFor, server: str, thread_safe: bool
) -> None:
    """The last callback comes on the thread that waits, and before the cleanup."""
    library = built_for("sdk2019", "http_calls")
    module = host.load("fetch", library, thread_safe=thread_safe)
    for number in range(1, 4):
        ask(host, f"{server}/stall-headers", id=number, flags=THREAD)
    deadline = time.monotonic() + 60
    while host.open_requests() < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    begin = time.monotonic()
    module.close()
    assert time.monotonic() - begin < 3
    records = list(host.logs)
    lines = [record.text for record in records]
    for number in range(1, 4):
        mine = [record for record in records if record.text.startswith(f"{number}: ")]
        assert [r.text for r in mine if FAILED in r.text] == [f"{number}: {FAILED}"]
        assert mine[-1].text == f"{number}: returned 0"
        assert len({record.thread for record in mine}) == 1
        assert lines.index(f"{number}: {FAILED}") < lines.index("cleanup")
    assert module.kept is None
