"""Every way in which a server, a network or a proxy fails a request, and the words for it."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest

from mesibo_abi.peers import self_signed
from mesibo_abi.services.http_types import Timeouts
from tests.services.recorder import Client, raw_server, says
from tests.tools import needs


def test_dead_port(client: Client) -> None:
    exchange = client.fetch("http://127.0.0.1:1/x")
    words = "cannot connect to 127.0.0.1:1: Connection refused"
    assert exchange.reason == f"http://127.0.0.1:1/x: {words}"
    assert exchange.names == ["fail"]


def test_unknown_host(client: Client) -> None:
    exchange = client.fetch("http://nowhere.invalid/")
    assert re.fullmatch(
        r"http://nowhere\.invalid/: the host nowhere\.invalid is not found: "
        r"(Name or service not known|Temporary failure in name resolution)",
        exchange.reason,
    )


def test_disconnected_without_an_answer(client: Client) -> None:
    with raw_server(says()) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/", post=b"x")
    what = "the server closed the connection without an answer"
    assert exchange.reason == f"http://127.0.0.1:{port}/: {what}"


def test_cut_short(client: Client, server: str) -> None:
    url = f"{server}/cut/10/100"
    exchange = client.fetch(url, retries=3)
    assert exchange.reason == f"{url}: the body was cut short after 10 of 100 bytes"
    assert exchange.chunks == [(bytes(range(10)), 10)]


def test_cut_short_in_chunks(client: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_server(says(head + b"5\r\nhello\r\n", b"ff\r\n12", pause=0.05)) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/")
    assert exchange.reason == f"http://127.0.0.1:{port}/: the body was cut short after 7 bytes"


def test_chunks_that_are_none(client: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_server(says(head + b"5\r\nhello\r\n", b"zz\r\n", pause=0.5, stay=True)) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/")
    what = f"http://127.0.0.1:{port}/: the body is not valid HTTP: "
    assert exchange.reason.startswith(what)
    assert exchange.content == b"hello"


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", b"\0\1\2\r\n\r\n"],
)
def test_malformed_answer(client: Client, answer: bytes) -> None:
    with raw_server(says(answer, stay=True)) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/", retries=2)
    assert exchange.reason.startswith(f"http://127.0.0.1:{port}/: the answer is not valid HTTP: ")
    assert "attempts" not in exchange.reason


def test_redirect_to_another_scheme(client: Client, server: str) -> None:
    url = f"{server}/redirect-to?url=ftp://example.test/"
    exchange = client.fetch(url, maxredirects=1)
    what = 'redirected to "ftp://example.test/", which is no http or https URL'
    assert exchange.reason == f"{url}: {what}"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gzip", "the body is not valid gzip: incorrect header check"),
        ("deflate", "the body is not valid deflate: invalid stored block lengths"),
        ("br", 'the body is encoded as "br", which this host does not decode'),
    ],
)
def test_encoding_that_is_not(client: Client, server: str, encoding: str, words: str) -> None:
    url = f"{server}/claims/{encoding}"
    assert client.fetch(url).reason == f"{url}: {words}"


def test_conn_timeout(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the one that fits in the queue
            exchange = client.fetch(f"http://127.0.0.1:{port}/", conn_timeout=1)
    what = "not connected within 1 s (conn_timeout)"
    assert exchange.reason == f"http://127.0.0.1:{port}/: {what}"
    assert exchange.names == ["fail"]


def test_conn_timeout_is_for_tls_too(client: Client) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with raw_server(silent) as port:
        exchange = client.fetch(f"https://127.0.0.1:{port}/", conn_timeout=1)
    what = "not connected within 1 s (conn_timeout)"
    assert exchange.reason == f"https://127.0.0.1:{port}/: {what}"


@pytest.mark.parametrize("reused", [False, True])
def test_header_timeout(client: Client, server: str, reused: bool) -> None:
    if reused:
        client.fetch(f"{server}/echo")
    url = f"{server}/stall-headers"
    exchange = client.fetch(url, post=b"x", header_timeout=1)
    assert exchange.reason == f"{url}: no headers within 1 s of connecting (header_timeout)"
    assert exchange.names == ["sent", "sent", "fail"]


def test_header_timeout_is_not_put_off_by_a_trickle(client: Client) -> None:
    trickle = [b"HTTP/1.1 200 OK\r\n", *[b"X-More: 1\r\n"] * 30]
    with raw_server(says(*trickle, pause=0.1)) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/", header_timeout=1)
    assert exchange.reason.endswith(": no headers within 1 s of connecting (header_timeout)")


def test_header_timeout_is_not_for_the_body(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/slow/3/500", header_timeout=1)
    assert exchange.chunks[-1][1] == 100


def test_body_timeout(client: Client, server: str) -> None:
    url = f"{server}/stall-body/5"
    exchange = client.fetch(url, body_timeout=1)
    assert exchange.reason == f"{url}: the body did not end within 1 s (body_timeout)"
    assert exchange.chunks == [(bytes(range(5)), 83)]


def test_body_timeout_is_for_all_of_it(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/slow/30/100", body_timeout=1)
    assert exchange.reason.endswith(": the body did not end within 1 s (body_timeout)")
    assert len(exchange.chunks) > 3


@pytest.mark.parametrize("path", ["stall-headers", "stall-body/5", "slow/30/100"])
def test_total_timeout(client: Client, server: str, path: str) -> None:
    url = f"{server}/{path}"
    exchange = client.fetch(url, total_timeout=1)
    assert exchange.reason == f"{url}: not done within 1 s (total_timeout)"


def test_timeouts_are_tried_again(client: Client, server: str) -> None:
    url = f"{server}/stall-headers"
    exchange = client.fetch(url, header_timeout=1, retries=1)
    what = "no headers within 1 s of connecting (header_timeout)"
    assert exchange.reason == f"{url}: {what} (the last of 2 attempts)"
    assert exchange.names == ["sent", "fail"]


@pytest.mark.parametrize(
    ("defaults", "path", "option"),
    [
        (Timeouts(headers=0.2), "stall-headers", "header_timeout"),
        (Timeouts(body=0.2), "stall-body/1", "body_timeout"),
        (Timeouts(total=0.2), "stall-headers", "total_timeout"),
    ],
)
def test_defaults(server: str, defaults: Timeouts, path: str, option: str) -> None:
    client = Client(defaults=defaults)
    assert f"within 0.2 s ({option})" in client.fetch(f"{server}/{path}").reason.replace(
        " of connecting", ""
    )
    assert client.thread.close()


@needs("openssl")
def test_certificate_that_nobody_vouches_for(client: Client, tmp_path: Path) -> None:
    context = self_signed(tmp_path).context
    with raw_server(says(), ssl=context) as port:
        exchange = client.fetch(f"https://127.0.0.1:{port}/", retries=3)
    what = f"TLS with 127.0.0.1:{port} failed: self-signed certificate"
    reason = exchange.reason.replace("self signed", "self-signed")  # as OpenSSL 1.1 has it
    assert reason == f"https://127.0.0.1:{port}/: {what}"


def test_no_tls_at_the_other_end(client: Client, server: str) -> None:
    url = server.replace("http:", "https:")
    exchange = client.fetch(f"{url}/echo")
    peer = url.removeprefix("https://")
    assert exchange.reason.startswith(f"{url}/echo: TLS with {peer} failed: ")
