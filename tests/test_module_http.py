"""Requests of modules in Python, to a real server."""

from __future__ import annotations

import json
import threading
import time

import pytest

from mesibo_abi import Host, HttpAnswer, HttpState, Message, Module, Result
from tests.http_server import pattern

pytestmark = pytest.mark.timeout(60)


class Asker(Module):
    """Asks for what it is told to, and keeps what comes."""

    def init(self) -> None:
        self.answers: list[HttpAnswer] = []
        self.data: list[tuple[HttpState, int, bytes]] = []
        self.threads: set[int] = set()

    def on_response(self, answer: HttpAnswer) -> None:
        self.threads.add(threading.get_native_id())
        self.answers.append(answer)

    def on_data(self, state: HttpState, progress: int, data: bytes) -> None:
        self.threads.add(threading.get_native_id())
        self.data.append((state, progress, data))


@pytest.fixture
def asker(host: Host) -> Asker:
    asker = Asker()
    host.load("asker", asker)
    return asker


def test_a_whole_answer(host: Host, asker: Asker, server: str) -> None:
    assert asker.http(f"{server}/echo", on_response=asker.on_response, cookie="a=b") == 0
    assert host.wait_idle(60)
    (answer,) = asker.answers
    assert (answer.status, answer.error) == (200, None)
    assert answer.header("x-server") == "tests"
    assert answer.header("X-SERVER") == "tests"
    assert answer.header("x-none", "none") == "none"
    assert ["Cookie", "a=b"] in json.loads(answer.body)["headers"]
    assert threading.get_native_id() not in asker.threads


def test_a_post_of_bytes(host: Host, asker: Asker, server: str) -> None:
    post = b"\0\xff\0 bytes"
    asker.http(f"{server}/echo", post, on_response=asker.on_response)
    assert host.wait_idle(60)
    assert json.loads(asker.answers[0].body)["body"].encode("latin-1") == post


def test_an_answer_as_it_streams(host: Host, asker: Asker, server: str) -> None:
    asker.http(f"{server}/bytes/300000", on_data=asker.on_data, on_response=asker.on_response)
    assert host.wait_idle(60)
    states = [state for state, _, _ in asker.data]
    assert states == sorted(states)
    headers = next(data for state, _, data in asker.data if state is HttpState.RESPHEADER)
    assert headers.startswith(b"HTTP/1.1 200 OK\r\n")
    chunks = [entry for entry in asker.data if entry[0] is HttpState.RESPBODY]
    assert b"".join(data for _, _, data in chunks) == pattern(300_000)
    assert [progress for _, progress, _ in chunks].count(100) == 1
    assert chunks[-1][1] == 100
    assert asker.answers[0].body == pattern(300_000)


def test_a_failure(host: Host, asker: Asker, dead_port: int) -> None:
    asker.http(
        f"http://127.0.0.1:{dead_port}/", on_data=asker.on_data, on_response=asker.on_response
    )
    assert host.wait_idle(60)
    assert asker.data == [(HttpState.RESPBODY, -1, b"")]
    (answer,) = asker.answers
    assert (answer.status, answer.headers, answer.body) == (0, (), b"")
    assert answer.error is not None
    assert str(dead_port) in answer.error


def test_an_answer_that_ends_with_its_module(host: Host, asker: Asker, server: str) -> None:
    asker.http(f"{server}/stall-headers", on_response=asker.on_response)
    time.sleep(0.1)
    host.modules[0].close()
    assert [answer.error for answer in asker.answers] == ["the module was closed"]


def test_a_true_value_cancels(host: Host, asker: Asker, server: str) -> None:
    def stop(state: HttpState, progress: int, data: bytes) -> bool:
        asker.on_data(state, progress, data)
        return state is HttpState.RESPHEADER

    asker.http(f"{server}/bytes/300000", on_data=stop, on_response=asker.on_response)
    assert host.wait_idle(60)
    assert asker.data[-1][0] is HttpState.RESPHEADER
    assert asker.answers == []


def test_an_exception_in_a_callback(
    host: Host, asker: Asker, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(answer: HttpAnswer) -> None:
        raise LookupError("no words for it")

    asker.http(f"{server}/bytes/10", on_response=broken)
    assert host.wait_idle(60)
    assert "module 'asker', http callback: no words for it" in caplog.messages
    assert [record.text for record in host.logs] == ["http callback: LookupError: no words for it"]
    asker.http(f"{server}/bytes/10", on_response=asker.on_response)
    assert host.wait_idle(60)
    assert len(asker.answers) == 1


def test_a_callback_asks_again(host: Host, asker: Asker, server: str) -> None:
    def again(answer: HttpAnswer) -> None:
        asker.on_response(answer)
        if len(asker.answers) < 5:
            asker.http(f"{server}/bytes/{len(asker.answers)}", on_response=again)

    asker.http(f"{server}/bytes/0", on_response=again)
    assert host.wait_idle(60)
    assert [len(answer.body) for answer in asker.answers] == [0, 1, 2, 3, 4]


def test_a_callback_sends(host: Host, asker: Asker, server: str) -> None:
    asker.http(f"{server}/bytes/3", on_response=lambda answer: asker.send(answer.body, to="bob"))
    assert host.wait_idle(60)
    assert list(host.sent) == [Message(pattern(3), to="bob", module="asker")]


def test_callbacks_come_one_at_a_time_and_never_beside_a_message(host: Host, server: str) -> None:
    inside = 0
    most = 0

    def enter() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.005)
        inside -= 1

    class Busy(Module):
        def on_message(self, message: Message) -> Result:
            enter()
            self.http(f"{server}/bytes/10", on_response=lambda answer: enter())
            return Result.PASS

    host.load("busy", Busy)
    threads = [
        threading.Thread(target=lambda: [host.process(Message()) for _ in range(5)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert host.wait_idle(60)
    assert most == 1
