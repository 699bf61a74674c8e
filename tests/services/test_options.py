"""Each option of a module's request has its effect, seen from the other end."""

from __future__ import annotations

import asyncio

import pytest

from tests.services.recorder import Client, raw_server


def test_get_without_options(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/echo?a=b%20c")
    assert exchange.echoed["method"] == "GET"
    assert exchange.echoed["path"] == "/echo?a=b%20c"
    assert exchange.echoed["body"] == ""
    names = [name for name, _ in exchange.echoed["headers"]]
    assert names == ["Host", "Accept", "Accept-Encoding", "User-Agent"]
    assert exchange.sent_header("Accept") == "*/*"
    assert exchange.sent_header("Accept-Encoding") == "gzip, deflate"
    assert exchange.sent_header("User-Agent") == "mesibo-abi"


def test_post_is_a_form_unless_said_otherwise(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/echo", post=b"a=1&b=\xff")
    assert exchange.echoed["method"] == "POST"
    assert exchange.echoed["body"] == "a=1&b=\xff"
    assert exchange.sent_header("Content-Type") == "application/x-www-form-urlencoded"
    assert exchange.sent_header("Content-Length") == "7"


def test_post_without_a_body(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/echo", post=b"")
    assert exchange.echoed["method"] == "POST"
    assert exchange.sent_header("Content-Length") == "0"
    assert exchange.calls[:2] == [("sent", False), ("sent", True)]


def test_post_of_many_bytes(client: Client, server: str) -> None:
    body = bytes(range(256)) * 16384
    exchange = client.fetch(f"{server}/echo", post=body)
    assert exchange.echoed["body"].encode("latin-1") == body
    assert exchange.calls[:2] == [("sent", False), ("sent", True)]


@pytest.mark.parametrize(
    ("option", "header", "value"),
    [
        ("content_type", "Content-Type", "application/json; charset=utf-8"),
        ("user_agent", "User-Agent", "translator/2 (module)"),
        ("referrer", "Referer", "http://example.test/page"),
        ("origin", "Origin", "http://example.test"),
        ("cookie", "Cookie", 'a=1; b="two"; c=\u00fc'),
        ("encoding", "Accept-Encoding", "identity"),
        ("cache_control", "Cache-Control", "no-cache, max-age=0"),
        ("accept", "Accept", "application/json;q=0.9"),
        ("etag", "If-None-Match", 'W/"abc", "def"'),
    ],
)
@pytest.mark.parametrize("post", [None, b"body"])
def test_header_option(
    client: Client, server: str, option: str, header: str, value: str, post: bytes | None
) -> None:
    exchange = client.fetch(f"{server}/echo", post=post, **{option: value})
    assert exchange.sent_header(header) == value


@pytest.mark.parametrize(
    ("seconds", "date"),
    [
        (784111777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (2**64 - 1, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_ims(client: Client, server: str, seconds: int, date: str) -> None:
    exchange = client.fetch(f"{server}/echo", ims=seconds)
    assert exchange.sent_header("If-Modified-Since") == date


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_extra_header_lines(client: Client, server: str, line_break: str) -> None:
    lines = ["X-One: 1", "X-Many: a", "x-many:b", "X-Empty:", ""]
    exchange = client.fetch(f"{server}/echo", extra_header=line_break.join(lines))
    assert exchange.sent_header("X-One") == "1"
    assert exchange.sent_header("X-Many") == "a|b"
    assert exchange.sent_header("X-Empty") == ""


def test_extra_header_replaces_what_has_its_name(client: Client, server: str) -> None:
    exchange = client.fetch(
        f"{server}/echo",
        post=b"{}",
        content_type="text/plain",
        extra_header="content-type: application/json\nuser-agent: mine\nHost: elsewhere.test",
    )
    assert exchange.sent_header("Content-Type") == "application/json"
    assert exchange.sent_header("User-Agent") == "mine"
    assert exchange.sent_header("Host") == "elsewhere.test"


def test_empty_options_are_not_set(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/echo", proxy="", accept="", cookie="", extra_header="")
    assert exchange.sent_header("Accept") == "*/*"
    assert exchange.sent_header("Cookie") is None


def test_cookies_of_an_answer_are_not_kept(client: Client) -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    with raw_server(answer) as port:
        for _ in range(2):
            assert client.fetch(f"http://127.0.0.1:{port}/").status == 200
    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


@pytest.mark.parametrize("follow", [1, 3, 2**64 - 1])
def test_maxredirects_are_followed(client: Client, server: str, follow: int) -> None:
    exchange = client.fetch(f"{server}/redirect/{min(follow, 5)}", maxredirects=follow)
    assert exchange.status == 200
    assert exchange.echoed["path"] == "/echo"
    assert exchange.names.count("headers") == 1


def test_maxredirects_0_gives_the_redirect_itself(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/redirect/1")
    assert exchange.status == 302
    assert b"Location: /echo\r\n" in exchange.raw
    assert exchange.content == b"elsewhere"


@pytest.mark.parametrize("follow", [1, 2])
def test_one_redirect_too_many(client: Client, server: str, follow: int) -> None:
    url = f"{server}/redirect/{follow + 1}"
    exchange = client.fetch(url, maxredirects=follow)
    assert exchange.reason == f"{url}: more redirects than the {follow} of maxredirects"
    assert exchange.names == ["sent", "fail"]


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST")])
@pytest.mark.parametrize("size", [4, 2 << 20])
def test_post_through_a_redirect(
    client: Client, server: str, status: int, method: str, size: int
) -> None:
    exchange = client.fetch(
        f"{server}/redirect/2/{status}", post=b"x" * size, maxredirects=2, content_type="text/x"
    )
    assert exchange.echoed["method"] == method
    assert exchange.echoed["body"] == ("x" * size if method == "POST" else "")
    assert exchange.names.count("sent") == 2


def test_retries_until_it_works(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/flaky/works/2", post=b"x", retries=2)
    assert exchange.content == b"attempt 3"
    assert exchange.names == ["sent", "sent", "headers", "body"]


def test_retries_are_counted(client: Client, server: str) -> None:
    url = f"{server}/flaky/counted/2"
    exchange = client.fetch(url, post=b"x", retries=1)
    what = "the server closed the connection without an answer"
    assert exchange.reason == f"{url}: {what} (the last of 2 attempts)"
    assert client.fetch(url, post=b"x").content == b"attempt 3"


def test_without_retries_there_is_one_attempt(client: Client, server: str) -> None:
    url = f"{server}/flaky/once/1"
    exchange = client.fetch(url, post=b"x")
    assert exchange.reason == f"{url}: the server closed the connection without an answer"
    assert client.fetch(url, post=b"x").content == b"attempt 2"


@pytest.mark.parametrize("retries", [0, 2])
def test_a_get_goes_out_as_often_as_it_was_said(client: Client, retries: int) -> None:
    asked: list[bytes] = []

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))

    with raw_server(swallow) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/", retries=retries)
    assert exchange.names[-1] == "fail"
    assert len(asked) == retries + 1


def test_connections_that_the_server_closes_without_a_word(client: Client) -> None:
    asked: list[bytes] = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
        hop = int(asked[-1][1:])
        head = b"HTTP/1.1 302 Found\r\nLocation: /%d" if hop < 2 else b"HTTP/1.1 200 OK\r\nX: %d"
        writer.write(head % (hop + 1) + b"\r\nContent-Length: 0\r\n\r\n")

    with raw_server(answer_once) as port:
        for _ in range(20):
            exchange = client.fetch(f"http://127.0.0.1:{port}/0", maxredirects=2)
            assert (exchange.status, exchange.content) == (200, b"")


def test_absurd_retries_end_with_the_total_timeout(client: Client) -> None:
    url = "http://127.0.0.1:1/"
    exchange = client.fetch(url, retries=2**64 - 1, total_timeout=1)
    assert exchange.reason == f"{url}: not done within 1 s (total_timeout)"


def test_absurd_timeouts(client: Client, server: str) -> None:
    most = 2**64 - 1
    exchange = client.fetch(
        f"{server}/echo",
        conn_timeout=most,
        header_timeout=most,
        body_timeout=most,
        total_timeout=most,
    )
    assert exchange.status == 200
