"""mesibo_util_http of sdk2020: the callbacks of a request, in their order."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mesibo_abi import Host, HttpRequest, HttpResponse, LoadedModule, Message
from tests.sdk_services.conftest import BuiltFor

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]

NO_DATA, NO_STATUS, NO_CLOSE = 1, 2, 4
SENT = ["data 0 0 0 NULL", "data 1 0 0 NULL"]
ANSWERED = [*SENT, "data 2 0 N", "status 200 application/octet-stream"]
DONE = ["data 4 100 0 NULL", "close 0"]


class Fetch:
    """Loads http_calls.c; `fetch(url)` makes one request and returns what its callbacks logged."""

    def __init__(self, host: Host, built_for: BuiltFor) -> None:
        self.host = host
        self.module: LoadedModule = host.load("fetch", built_for("sdk2020", "http_calls"))

    def begin(self, url: str, **fields: Any) -> list[str]:
        """Makes a request, and returns what was logged until it was made."""
        message = Message(url, **{"to": None, "from_": None, **fields})
        return [record.text for record in self.host.process(message).logs]

    def __call__(self, url: str, **fields: Any) -> list[str]:
        assert self.begin(url, **fields) == []
        assert self.host.wait_idle(30)
        return self.calls()

    def calls(self) -> list[str]:
        """Sizes of headers vary."""
        lines = [record.text.removeprefix("0: ") for record in self.host.logs]
        return [re.sub(r"^(data 2 0) [1-9]\d*$", r"\1 N", line) for line in lines]


@pytest.fixture
def fetch(host: Host, built_for: BuiltFor) -> Fetch:
    return Fetch(host, built_for)


def test_an_answer(fetch: Fetch, server: str) -> None:
    calls = fetch(f"{server}/bytes/10")
    assert calls[:1] + calls[-2:] == [SENT[0], *DONE]
    assert [line for line in calls if not line.startswith("data 3")] == [
        "data 0 0 0 NULL",
        "data 2 0 N",
        "status 200 application/octet-stream",
        *DONE,
    ]
    sizes = [line.split()[2:4] for line in calls if line.startswith("data 3")]
    assert sum(int(size) for _, size in sizes) == 10
    assert [progress for progress, _ in sizes].count("100") == 1
    assert sizes[-1][0] == "100"


def test_the_states_of_a_post_in_order(built_for: BuiltFor) -> None:
    got: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        got.append(request)
        return HttpResponse(201, {"Content-Type": "text/x"}, b"hello")

    with Host(http=answer) as host:
        calls = Fetch(host, built_for)("http://nowhere/", to="a=1", from_="text/y")
    assert calls == [*SENT, "data 2 0 N", "status 201 text/x", "data 3 100 5", *DONE]
    (request,) = got
    assert (request.method, request.url, request.body) == ("POST", "http://nowhere/", b"a=1")
    assert request.header("content-type") == "text/y"


def test_a_body_of_nothing(fetch: Fetch, server: str) -> None:
    calls = fetch(f"{server}/bytes/0")
    assert calls[-3:] == ["data 3 100 0", *DONE]


def test_an_answer_without_a_content_type(built_for: BuiltFor) -> None:
    with Host(http=lambda request: HttpResponse(204)) as host:
        assert "status 204 NULL" in Fetch(host, built_for)("http://nowhere/")


@pytest.mark.parametrize(
    ("flags", "calls"),
    [
        (NO_STATUS, [*SENT, "data 2 0 N", "data 3 100 5", *DONE]),
        (NO_DATA, ["status 200 NULL", "close 0"]),
        (NO_DATA | NO_STATUS, ["close 0"]),
        (NO_CLOSE, [*SENT, "data 2 0 N", "status 200 NULL", "data 3 100 5", DONE[0]]),
        (NO_DATA | NO_STATUS | NO_CLOSE, []),
    ],
)
def test_callbacks_that_are_left_out(built_for: BuiltFor, flags: int, calls: list[str]) -> None:
    with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
        assert Fetch(host, built_for)("http://nowhere/", to="x", flags=flags) == calls


def test_what_on_status_returns_changes_nothing(built_for: BuiltFor) -> None:
    """Some return the status."""
    with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
        assert Fetch(host, built_for)("http://nowhere/", type=200)[-2:] == DONE


def failure_of(host: Host, words: str) -> tuple[list[str], list[str]]:
    """The lines of the module, and those of the host."""
    lines = [record.text for record in host.logs]
    mine = [line for line in lines if words in line]
    return [line.removeprefix("0: ") for line in lines if line not in mine], mine


@pytest.mark.parametrize(
    ("flags", "end"),
    [
        (0, "data 3 -1 0 NULL"),
        (NO_STATUS | NO_CLOSE, "data 3 -1 0 NULL"),
        (NO_DATA, "close -1"),
        (NO_DATA | NO_STATUS, "close -1"),
    ],
)
def test_a_failure_is_one_terminal_call(
    fetch: Fetch, host: Host, dead_port: int, flags: int, end: str
) -> None:
    url = f"http://127.0.0.1:{dead_port}/"
    assert fetch.begin(url, flags=flags) == []
    assert host.wait_idle(60)
    calls, said = failure_of(host, "http: ")
    assert calls == [end]
    peer = f"127.0.0.1:{dead_port}"
    assert said == [f"http: {url}: cannot connect to {peer}: Connection refused"]


def test_a_failure_in_the_body(fetch: Fetch, host: Host, server: str) -> None:
    fetch.begin(f"{server}/cut/1000/5000")
    assert host.wait_idle(60)
    calls, _ = failure_of(host, "http: ")
    assert calls[-1] == "data 3 -1 0 NULL"
    assert not [line for line in calls if line.startswith(("close", "data 4"))]


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_a_cancel_is_one_close(built_for: BuiltFor, stop: int) -> None:
    """In any state; the fifth call is DONE itself."""
    every = [*SENT, "data 2 0 N", "data 3 100 5", "data 4 100 0 NULL"]
    with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
        fetch = Fetch(host, built_for)
        calls = fetch("http://nowhere/", to="x", refid=stop, flags=NO_STATUS)
        assert calls == [*every[:stop], "close -1"]
        assert host.open_requests() == 0


def test_a_cancel_before_the_status(built_for: BuiltFor) -> None:
    with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
        calls = Fetch(host, built_for)("http://nowhere/", to="x", refid=3)
        assert calls == [*SENT, "data 2 0 N", "close -1"]


@pytest.mark.parametrize(("flags", "end"), [(0, "data 3 -1 0 NULL"), (NO_DATA, "close -1")])
def test_a_close_of_the_module(fetch: Fetch, host: Host, server: str, flags: int, end: str) -> None:
    for number in range(1, 4):
        fetch.begin(f"{server}/stall-headers", id=number, flags=flags)
    fetch.module.close()
    lines = [record.text for record in host.logs]
    ends = [line for line in lines if line.endswith(end)]
    assert sorted(ends) == [f"{number}: {end}" for number in range(1, 4)]
    assert lines[-1] in ends
    assert not [line for line in lines if "close" in line and line not in ends]


@pytest.mark.parametrize(
    ("url", "words"), [("", "http refused: the url is empty; pass http://... or https://...")]
)
def test_what_is_refused(fetch: Fetch, url: str, words: str) -> None:
    assert fetch.begin(url) == [words]
    assert fetch.calls() == []


def test_redirects_are_not_followed(fetch: Fetch, server: str) -> None:
    """The struct has no way to ask for it."""
    assert "status 302 text/plain; charset=utf-8" in fetch(f"{server}/redirect/1")


@pytest.mark.slow
def test_a_timeout(fetch: Fetch, host: Host, server: str) -> None:
    fetch.begin(f"{server}/stall-headers", expiry=1)
    assert host.wait_idle(60)
    calls, said = failure_of(host, "http: ")
    assert calls == [SENT[0], "data 3 -1 0 NULL"]
    assert said == [f"http: {server}/stall-headers: not done within 1 s (total_timeout)"]
