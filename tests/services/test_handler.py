"""A Python callable in place of the network: the seam `Host(http=...)`."""

from __future__ import annotations

import asyncio
import logging
import threading
from http import HTTPStatus
from typing import cast

import pytest

from mesibo_abi.services.http_types import HttpHandler, HttpRequest, HttpResponse
from tests.services.recorder import Client, Recorder, wait_until

URL = "http://service.test/translate?to=de"


def ask(handler: HttpHandler, **options: object) -> Recorder:
    client = Client(handler=handler)
    exchange = client.fetch(URL, **options)
    assert client.thread.close()
    return exchange


def test_request_and_response() -> None:
    seen: list[HttpRequest] = []

    def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(status=201, headers={"content-type": "text/x", "A": "b"}, body=b"hallo")

    exchange = ask(handler, post=b"hello", cookie="a=1", extra_header="X-One: 1")
    assert exchange.calls == [
        ("sent", False),
        ("sent", True),
        (
            "headers",
            201,
            "text/x",
            b"HTTP/1.1 201 Created\r\ncontent-type: text/x\r\nA: b\r\n\r\n",
        ),
        ("body", b"hallo", 100),
    ]
    assert seen == [
        HttpRequest(
            method="POST",
            url=URL,
            headers=(
                ("Accept", "*/*"),
                ("Accept-Encoding", "gzip, deflate"),
                ("User-Agent", "mesibo-abi"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Cookie", "a=1"),
                ("X-One", "1"),
            ),
            body=b"hello",
        )
    ]
    assert seen[0].header("COOKIE") == "a=1"
    assert seen[0].header("Referer") == ""
    assert seen[0].header("Referer", "none") == "none"


def test_defaults_of_a_response() -> None:
    exchange = ask(lambda request: HttpResponse())
    assert exchange.calls == [
        ("sent", False),
        ("headers", 200, "", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("body", b"", 100),
    ]


def test_status_without_a_name() -> None:
    assert ask(lambda request: HttpResponse(status=799)).raw == b"HTTP/1.1 799 \r\n\r\n"


def test_a_handler_that_waits() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0.01)
        return HttpResponse(body=threading.current_thread().name.encode())

    assert ask(handler).content == b"mesibo-services"


def test_total_timeout_of_a_handler() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(60)
        return HttpResponse()

    assert ask(handler, total_timeout=1).reason == f"{URL}: not done within 1 s (total_timeout)"


@pytest.mark.parametrize("error", [ValueError("not today"), SystemExit(3), TimeoutError("slow")])
def test_an_exception_fails_the_request_and_is_logged(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: HttpRequest) -> HttpResponse:
        raise error

    with caplog.at_level(logging.ERROR, "mesibo_abi"):
        exchange = ask(handler)
    assert exchange.reason == f"{URL}: the handler raised {type(error).__name__}: {error}"
    (record,) = caplog.records
    assert record.getMessage() == f"the handler of HTTP requests failed on {URL}"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_a_handler_that_cancels_itself() -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        raise asyncio.CancelledError("enough")

    assert ask(handler).reason == f"{URL}: the handler raised CancelledError: enough"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "the handler returned NoneType; expected mesibo_abi.HttpResponse"),
        (
            HttpResponse(body=cast(bytes, "text")),
            "the handler's response has a body of type str; expected bytes",
        ),
        *(
            (
                HttpResponse(status=cast(int, status)),
                f"the handler's response has the status {status!r}; expected 100 to 999",
            )
            for status in (0, 99, 1000, -1, "200", None, True, 200.0)
        ),
        (
            HttpResponse(headers=cast("dict[str, str]", [("a", "b")])),
            "the handler's response has headers of type list; expected a mapping",
        ),
        (
            HttpResponse(headers=cast("dict[str, str]", {"X-Count": 5})),
            "the handler's response has a header 'X-Count': 5; expected str: str",
        ),
        (
            HttpResponse(headers=cast("dict[str, str]", {b"X": "a"})),
            "the handler's response has a header b'X': 'a'; expected str: str",
        ),
        *(
            (
                HttpResponse(headers={name: "a"}),
                f"the handler's response has a header named {name!r}; expected a word",
            )
            for name in ("", "a b", "a:", "a\n", "é")
        ),
        *(
            (
                HttpResponse(headers={"X": value}),
                "the handler's response has a header 'X' of several lines or with a NUL: "
                f"{value!r}; expected one line",
            )
            for value in ("a\r\nSet-Cookie: b", "a\n", "\r", "a\0b")
        ),
    ],
)
def test_an_answer_that_is_none(answer: HttpResponse, words: str) -> None:
    exchange = ask(lambda request: answer)
    assert exchange.reason == f"{URL}: {words}"
    assert "headers" not in exchange.names


@pytest.mark.parametrize("status", [100, 299, 999, HTTPStatus.NOT_FOUND])
def test_an_answer_with_any_other_status(status: int) -> None:
    exchange = ask(lambda request: HttpResponse(status, {"X-Word_1": "a: b\tc é"}))
    assert exchange.status == status


def test_what_cannot_be_sent_does_not_reach_the_handler() -> None:
    called: list[HttpRequest] = []

    def handler(request: HttpRequest) -> HttpResponse:
        called.append(request)
        return HttpResponse()

    exchange = ask(handler, extra_header="bad line")
    assert exchange.reason.endswith('expected "Name: value"')
    assert not called


def test_cancel_while_a_handler_waits() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def handler(request: HttpRequest) -> HttpResponse:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return HttpResponse()

    client = Client(handler=handler)
    exchange = client.begin(URL)
    assert begun.wait(60)
    client.cancel(exchange)
    wait_until(ended.is_set)
    assert client.thread.close()
    assert exchange.names == ["sent"]
