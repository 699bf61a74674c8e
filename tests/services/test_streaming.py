"""Bodies as they come: progress, decoding, slow streams, and modules slower than the stream."""

from __future__ import annotations

import asyncio
import gzip
import time

import pytest

from mesibo_abi.services.transfer import BACKLOG_LIMIT
from tests.http_server import pattern
from tests.services.recorder import Client, Recorder, raw_server, says, wait_until


def progress_is_right(chunks: list[tuple[bytes, int]]) -> bool:
    *before, last = [progress for _, progress in chunks]
    return last == 100 and before == sorted(before) and all(1 <= p <= 99 for p in before)


def test_order_of_the_calls(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/bytes/10", post=None)
    assert exchange.names == ["sent", "headers", "body"]
    assert exchange.calls[0] == ("sent", False)
    assert exchange.chunks == [(pattern(10), 100)]


def test_headers_as_they_came(client: Client) -> None:
    head = b"HTTP/1.0 418 I'm a teapot\r\nX-b: 1\r\nx-B:  2 \r\nContent-Type: text/x; y=z\r\n\r\n"
    with raw_server(says(head + b"body")) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/")
    assert exchange.calls[1][:3] == ("headers", 418, "text/x; y=z")
    assert exchange.raw == head.replace(b"  2 ", b" 2")
    assert exchange.content == b"body"


def test_no_content_type(client: Client) -> None:
    with raw_server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/")
    assert exchange.calls[1] == (
        "headers",
        200,
        "",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    )
    assert exchange.chunks == [(b"", 100)]


@pytest.mark.parametrize("status", [200, 204, 304, 400, 404, 500, 503])
def test_any_status_is_a_success(client: Client, server: str, status: int) -> None:
    exchange = client.fetch(f"{server}/status/{status}", retries=3)
    assert exchange.status == status
    assert exchange.content == (b"" if status in (204, 304) else b"%d" % status)
    assert exchange.chunks[-1][1] == 100


def test_progress_by_content_length(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/bytes/3000000")
    assert exchange.content == pattern(3000000)
    assert len(exchange.chunks) > 3
    assert progress_is_right(exchange.chunks)
    received = 0
    for data, progress in exchange.chunks[:-1]:
        received += len(data)
        assert progress == min(max(received * 100 // 3000000, 1), 99)


def test_progress_without_a_length_is_50(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/chunked/20/100000")
    assert exchange.content == b"x" * 2000000
    assert {progress for _, progress in exchange.chunks[:-1]} == {50}
    assert exchange.chunks[-1][1] == 100


@pytest.mark.parametrize("packed", [False, True])
def test_a_slow_stream_is_not_held_back(client: Client, packed: bool) -> None:
    """The server sends a line only when the module has had the one before it."""
    lines = [b"line %d\n" % i for i in range(4)]
    exchange = Recorder("")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.write(b"Content-Encoding: gzip\r\n\r\n" if packed else b"\r\n")
        for number, line in enumerate(lines):
            writer.write(gzip.compress(line) if packed else line)
            while len(exchange.chunks) <= number:
                await asyncio.sleep(0.005)

    with raw_server(answer) as port:
        exchange.url = f"http://127.0.0.1:{port}/"
        client.start(exchange)
        assert exchange.over.wait(60), f"held back: {exchange.calls}"
    assert exchange.chunks == [(line, 50) for line in lines] + [(b"", 100)]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate"])
@pytest.mark.parametrize("size", [0, 1, 5000000])
def test_decoded(client: Client, server: str, encoding: str, size: int) -> None:
    exchange = client.fetch(f"{server}/{encoding}/{size}")
    assert exchange.content == pattern(size)
    assert progress_is_right(exchange.chunks)


def test_progress_counts_encoded_bytes(client: Client) -> None:
    packed = gzip.compress(b"a" * 1000000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with raw_server(says(head + packed[:500], packed[500:], pause=0.5)) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/")
    assert exchange.content == b"a" * 1000000
    assert exchange.chunks[0][1] == 500 * 100 // len(packed)
    assert progress_is_right(exchange.chunks)


def test_gzip_that_ends_too_early(client: Client) -> None:
    packed = gzip.compress(pattern(1000))[:-4]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with raw_server(says(head + packed)) as port:
        exchange = client.fetch(f"http://127.0.0.1:{port}/")
    assert exchange.reason == f"http://127.0.0.1:{port}/: the body's gzip data ends too early"


@pytest.mark.parametrize("path", ["bytes/20000000", "gzip/20000000"])
def test_reading_stops_for_a_slow_module(client: Client, server: str, path: str) -> None:
    exchange = client.begin(f"{server}/{path}", taken=False, body_timeout=3)
    wait_until(lambda: exchange.paused)
    assert exchange.waiting > BACKLOG_LIMIT
    time.sleep(3.2)  # longer than body_timeout, which does not count while the module is waited for
    assert exchange.waiting < BACKLOG_LIMIT + (1 << 20)
    other = client.fetch(f"{server}/bytes/10")
    assert other.content == pattern(10)

    exchange.paused = False
    client.thread.call(client.service.resume, exchange)  # not drained: asks for another, and waits
    wait_until(lambda: exchange.paused)
    assert exchange.waiting < BACKLOG_LIMIT + (1 << 20)

    exchange.taken = True
    exchange.waiting = 0
    client.thread.call(client.service.resume, exchange)
    assert exchange.over.wait(60)
    assert exchange.content == pattern(20000000)
