"""Requests of a real module in C, to a real server or to a handler."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import (
    Host,
    HttpRequest,
    HttpResponse,
    HttpState,
    Limits,
    Message,
    Verdict,
)
from tests.conftest import Built
from tests.http_server import pattern

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]

FAILED = 2**64 - 1  # a progress of -1, as an unsigned word


# ---- A module in C: fetch.c tells every callback as a message -----------------------------------


class Fetch:
    """Loads fetch.c into a host; `fetch(url)` makes one request and returns what its callbacks
    brought."""

    def __init__(self, host: Host, library: Path) -> None:
        self.host = host
        self.module = host.load("fetch", library)

    def __call__(self, url: str, **fields: Any) -> list[Message]:
        self.begin(url, **fields)
        assert self.host.wait_idle(30)
        return list(self.host.sent)

    def begin(self, url: str, **fields: Any) -> Verdict:
        """Makes a request, and does not wait for its end."""
        return self.host.process(Message(url, **{"to": None, "from_": None, **fields}))


@pytest.fixture
def fetch(host: Host, built: Built) -> Fetch:
    return Fetch(host, built("fetch"))


def body(calls: list[Message]) -> bytes:
    return b"".join(call.payload for call in calls)


def assert_sound(calls: list[Message]) -> None:
    """RESPBODY alone; progress 1 to 99 and 100 once, at the end."""
    assert {call.type for call in calls} == {HttpState.RESPBODY}
    progress = [call.expiry for call in calls]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert all(1 <= step <= 99 for step in progress[:-1])
    assert [call.aid for call in calls] == [len(call.payload) for call in calls]


def assert_failed(calls: list[Message]) -> None:
    """A failure is the last call; its buffer is NULL and its size 0."""
    last = calls[-1]
    assert (last.expiry, last.payload, last.aid, last.flags) == (FAILED, b"", 0, 1)
    assert all(call.expiry < 100 for call in calls[:-1])


@pytest.mark.parametrize("size", [0, 1, 5000, 3_000_000])
def test_an_answer_with_its_length(fetch: Fetch, server: str, size: int) -> None:
    calls = fetch(f"{server}/bytes/{size}")
    assert_sound(calls)
    assert body(calls) == pattern(size)


def test_an_answer_without_its_length(fetch: Fetch, server: str) -> None:
    calls = fetch(f"{server}/slow/3/300")
    assert_sound(calls)
    assert body(calls) == b"chunk 0\nchunk 1\nchunk 2\n"
    assert {call.expiry for call in calls[:-1]} == {50}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_is_decoded(fetch: Fetch, server: str, encoding: str) -> None:
    calls = fetch(f"{server}/{encoding}/100000")
    assert_sound(calls)
    assert body(calls) == pattern(100_000)


@pytest.mark.parametrize("status", [204, 404, 500])
def test_any_status_is_an_answer(fetch: Fetch, server: str, status: int) -> None:
    assert_sound(fetch(f"{server}/status/{status}"))


def test_a_get(fetch: Fetch, server: str) -> None:
    seen = json.loads(body(fetch(f"{server}/echo?q=a%20b")))
    assert (seen["method"], seen["path"], seen["body"]) == ("GET", "/echo?q=a%20b", "")


def test_a_post(fetch: Fetch, server: str) -> None:
    seen = json.loads(body(fetch(f"{server}/echo", to="a=1&b=2")))
    assert (seen["method"], seen["body"]) == ("POST", "a=1&b=2")
    assert ["Content-Type", "application/x-www-form-urlencoded"] in seen["headers"]


def test_an_option(fetch: Fetch, server: str) -> None:
    seen = json.loads(body(fetch(f"{server}/echo", to="{}", from_="application/json")))
    assert ["Content-Type", "application/json"] in seen["headers"]


def test_redirects_are_followed_as_often_as_was_said(fetch: Fetch, host: Host, server: str) -> None:
    assert body(fetch(f"{server}/redirect/2")) == b"elsewhere"
    assert json.loads(body(fetch(f"{server}/redirect/2", to_online=2)))["path"] == "/echo"


def test_a_dead_port(fetch: Fetch, host: Host, dead_port: int) -> None:
    calls = fetch(f"http://127.0.0.1:{dead_port}/")
    assert_failed(calls)
    assert len(calls) == 1
    (line,) = host.logs
    address = f"127.0.0.1:{dead_port}"
    assert line.text == f"http: http://{address}/: cannot connect to {address}: Connection refused"


def test_a_body_cut_short(fetch: Fetch, server: str) -> None:
    calls = fetch(f"{server}/cut/1000/5000")
    assert_failed(calls)
    assert body(calls) == pattern(1000)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("stall-headers", {"flags": 1}),
        ("stall-body/10", {"type": 1}),
        ("stall-headers", {"aid": 1}),
        ("stall-body/10", {"aid": 1}),
    ],
    ids=["headers", "body", "total, before the headers", "total, in the body"],
)
@pytest.mark.slow
def test_a_timeout_at_each_stage(
    fetch: Fetch, server: str, path: str, fields: dict[str, Any]
) -> None:
    begin = time.monotonic()
    calls = fetch(f"{server}/{path}", **fields)
    assert_failed(calls)
    assert 0.9 < time.monotonic() - begin < 5


@pytest.mark.slow
def test_a_timeout_while_connecting(fetch: Fetch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()  # it has no room: connecting to it hangs
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(address)
        begin = time.monotonic()
        calls = fetch(f"http://127.0.0.1:{address[1]}/", expiry=1)
        assert_failed(calls)
        assert 0.9 < time.monotonic() - begin < 5
        for client in waiting:
            client.close()


@pytest.mark.parametrize("calls", [1, 2])
def test_a_callback_that_cancels_is_not_called_again(
    fetch: Fetch, host: Host, server: str, calls: int
) -> None:
    found = fetch(f"{server}/slow/5/200", refid=calls)
    assert len(found) == calls
    assert body(found).startswith(b"chunk 0\n")
    time.sleep(1)
    assert list(host.sent) == []


def test_what_is_refused(fetch: Fetch, host: Host) -> None:
    assert_failed(fetch("gopher://127.0.0.1/"))
    verdict = fetch.begin("")
    assert [record.text for record in verdict.logs] == [
        "http refused: the url is empty; pass http://... or https://...",
        "http returned -1",
    ]
    assert list(host.sent) == []


def test_a_request_is_copied_before_http_returns(fetch: Fetch, host: Host, server: str) -> None:
    """Its strings live in the params of a message that is gone by the time it is sent."""
    for number in range(50):
        url = f"{server}/echo?{number}"
        fetch.begin(url, to=f"{number}" * 100, from_=f"text/{number}", id=number)
    assert host.wait_idle(30)
    bodies: dict[int, bytes] = {}
    for call in host.sent:
        bodies[call.id] = bodies.get(call.id, b"") + call.payload
    for number in range(50):
        seen = json.loads(bodies[number])
        assert (seen["path"], seen["body"]) == (f"/echo?{number}", f"{number}" * 100)
        assert ["Content-Type", f"text/{number}"] in seen["headers"]


# ---- When the module ends before its request ----------------------------------------------------


def test_close_fails_what_is_open(fetch: Fetch, host: Host, server: str) -> None:
    for number in range(5):
        fetch.begin(f"{server}/stall-headers", id=number)
    time.sleep(0.2)
    assert host.open_requests() == 5
    fetch.module.close()
    assert host.open_requests() == 0
    calls = list(host.sent)
    assert sorted(call.id for call in calls) == [0, 1, 2, 3, 4]
    for call in calls:
        assert_failed([call])
    time.sleep(0.1)
    assert list(host.sent) == []


def test_wait_idle_gives_up_in_time(fetch: Fetch, host: Host, server: str) -> None:
    fetch.begin(f"{server}/stall-headers")
    begin = time.monotonic()
    assert not host.wait_idle(0.2)
    assert 0.15 < time.monotonic() - begin < 2
    assert not host.wait_idle(0)


@pytest.mark.parametrize("thread_safe", [False, True])
def test_a_request_made_in_init(built: Built, server: str, thread_safe: bool) -> None:
    """Its answer waits until init has returned, and is not lost."""
    library = built("early", f'-DURL="{server}/bytes/10"')
    with Host() as host:
        host.load("early", library, thread_safe=thread_safe)
        assert host.wait_idle(60)
        assert [record.text for record in host.logs] == ["progress 100"]


def test_closing_hosts_with_requests_at_every_stage(built: Built, server: str) -> None:
    library = built("fetch")
    for number in range(30):
        with Host() as host:
            host.load("fetch", library)
            for path in ("bytes/100000", "slow/3/5", "stall-headers", "redirect/3"):
                host.process(Message(f"{server}/{path}", to=None, to_online=5, id=len(path)))
            time.sleep(number / 1000)
        ends: dict[int, int] = {}
        for call in host.sent:
            if call.expiry in (100, FAILED):
                ends[call.id] = ends.get(call.id, 0) + 1
        assert ends == {12: 1, 8: 1, 13: 1, 10: 1}


def test_requests_and_a_close_on_different_threads(built: Built) -> None:
    """A request that is made while its module is closed ends all the same, or is refused."""
    for thread_safe in (False, True):
        with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
            stop = threading.Event()

            def ask(host: Host = host, stop: threading.Event = stop) -> None:
                while not stop.is_set():
                    host.process(Message("http://nowhere/", to=None))

            threads = [threading.Thread(target=ask) for _ in range(3)]
            for thread in threads:
                thread.start()
            for _ in range(50):
                host.load("fetch", built("fetch"), thread_safe=thread_safe).close()
            stop.set()
            for thread in threads:
                thread.join()
            assert host.wait_idle(60)
            assert host.open_requests() == 0


# ---- A handler in place of the network ----------------------------------------------------------


def test_a_handler_answers(built: Built) -> None:
    got: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        got.append(request)
        return HttpResponse(404, {"X-Test": "yes"}, b"not here")

    with Host(http=answer) as host:
        host.load("fetch", built("fetch"))
        host.process(Message("http://nowhere/a?b=c", to="x=1", from_="text/plain"))
        assert host.wait_idle(60)
        assert body(list(host.sent)) == b"not here"
    (request,) = got
    assert (request.method, request.url, request.body) == ("POST", "http://nowhere/a?b=c", b"x=1")
    assert request.header("content-type") == "text/plain"


def test_an_exception_in_a_handler_is_a_failure(
    built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        raise LookupError("no route")

    with Host(http=answer) as host:
        host.load("fetch", built("fetch"))
        host.process(Message("http://nowhere/", to=None))
        assert host.wait_idle(60)
        assert_failed(list(host.sent))
        assert [record.text for record in host.logs] == [
            "http: http://nowhere/: the handler raised LookupError: no route"
        ]
    assert "the handler of HTTP requests failed on http://nowhere/" in caplog.messages


def test_too_many_requests(built: Built) -> None:
    release = threading.Event()

    async def answer(request: HttpRequest) -> HttpResponse:
        while not release.is_set():
            await asyncio.sleep(0.01)
        return HttpResponse()

    with Host(http=answer, limits=Limits(requests=3)) as host:
        host.load("fetch", built("fetch"))
        logs = [host.process(Message("http://nowhere/", to=None)).logs for _ in range(5)]
        assert [[record.text for record in lines] for lines in logs] == [
            *[["http returned 0"]] * 3,
            *[["http refused: too many requests are open", "http returned -1"]] * 2,
        ]
        assert host.dropped == (0, 0, 2)
        release.set()
        assert host.wait_idle(60)
        assert len(list(host.sent)) == 3


def test_a_callback_never_runs_inside_the_one_that_asked(built: Built) -> None:
    """Not even where the answer is there at once."""
    with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
        library = built("early", '-DURL="http://nowhere/"')
        begin = time.monotonic()
        host.load("early", library)
        took = time.monotonic() - begin
        assert took > 0.29
        assert host.wait_idle(60)
        (record,) = host.logs
        assert record.time >= time.time() - (time.monotonic() - begin) + 0.29
