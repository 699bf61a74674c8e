"""FastCGI requests to servers that answer badly, and connections that are kept."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mesibo_abi.peers.fastcgi import read_request
from mesibo_abi.peers.replies import reset
from mesibo_abi.peers.serving import Serve
from mesibo_abi.services import fastcgi_pool
from mesibo_abi.services.fastcgi import FcgiTimeouts
from tests.services.fastcgi_recorder import HELLO, Client, record, says
from tests.services.recorder import raw_server, wait_until


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


def failure(client: Client, answer: Serve, **options: Any) -> str:
    with raw_server(answer) as port:
        reason = client.ask("127.0.0.1", port, **options).reason
        assert reason.startswith(f"127.0.0.1:{port}: ")
        return reason.removeprefix(f"127.0.0.1:{port}: ")


def test_an_answer_byte_by_byte(client: Client) -> None:
    answer = record(7, b"a\n") + HELLO
    with raw_server(says(*[bytes([byte]) for byte in answer], pause=0.001)) as port:
        assert client.ask("127.0.0.1", port).answer == b"hello"


@pytest.mark.parametrize("keepalive", [False, True])
def test_cut_at_every_byte(client: Client, keepalive: bool) -> None:
    cuts = iter(range(len(HELLO) + 1))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, 0)
        writer.write(HELLO[: next(cuts)])

    with raw_server(answer) as port:
        where = f"127.0.0.1:{port}: "
        for cut in range(len(HELLO)):
            words = f"the answer was cut short after {cut} bytes"
            if cut == 0:
                words = "the server closed the connection without an answer"
            found = client.ask("127.0.0.1", port, stdin=b"x", keepalive=keepalive).reason
            assert found == where + words
        assert client.ask("127.0.0.1", port, keepalive=keepalive).answer == b"hello"


def test_no_fastcgi_at_the_other_end(client: Client) -> None:
    words = failure(client, says(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert words == "the answer is not FastCGI: version 72, expected 1"


def test_the_application_ends_with_a_status(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    end = record(3, struct.pack(">IB3x", 2, 0))
    words = failure(client, says(record(7, b"why\n") + record(6, b"A: b\n\nhello") + end))
    assert words == "the application ended with status 2"
    assert caplog.records[0].getMessage().endswith(" wrote to its error stream: why")


def test_an_overloaded_server(client: Client) -> None:
    words = failure(client, says(record(3, struct.pack(">IB3x", 0, 2))))
    assert words == "the server is overloaded (protocol status 2)"


def test_a_reset(client: Client) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, 0)
        writer.write(HELLO[:10])
        await writer.drain()
        await asyncio.sleep(0.5)  # it has read that
        reset(writer)

    words = failure(client, answer)
    assert words == "the answer was cut short after 10 bytes: Connection reset by peer"


def test_an_answer_before_the_request_was_read(client: Client) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await asyncio.sleep(0.5)

    with raw_server(answer) as port:
        exchange = client.ask("127.0.0.1", port, stdin=bytes(20000000), keepalive=True)
        assert exchange.answer == b"hello"


def test_total_timeout() -> None:
    client = Client(timeouts=FcgiTimeouts(total=0.2))
    assert failure(client, says(record(7), stay=True)) == "not done within 0.2 s"
    assert client.thread.close()


def test_connect_timeout() -> None:
    client = Client(timeouts=FcgiTimeouts(connect=0.2))
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the one that fits in the queue
            exchange = client.ask("127.0.0.1", port)
    peer = f"127.0.0.1:{port}"
    assert exchange.reason == f"{peer}: not connected to {peer} within 0.2 s"
    assert client.thread.close()


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("127.0.0.1", 1, "127.0.0.1:1: cannot connect to 127.0.0.1:1: Connection refused"),
        ("localhost", 1, "localhost:1: cannot connect to localhost:1: Connection refused"),
        ("/no/such", 0, "/no/such: cannot connect to /no/such: No such file or directory"),
        ("127.0.0.1", 0, "127.0.0.1:0: the port is not from 1 to 65535"),
        ("127.0.0.1", 65536, "127.0.0.1:65536: the port is not from 1 to 65535"),
        ("127.0.0.1", -1, "127.0.0.1:-1: the port is not from 1 to 65535"),
        ("a\udcff", 9, "a\\udcff:9: the host of a\\udcff:9 is not a valid name"),
    ],
)
def test_nobody_there(client: Client, host: str, port: int, reason: str) -> None:
    assert client.ask(host, port).reason == reason


def test_unknown_host(client: Client) -> None:
    reason = client.ask("nowhere.invalid", 9).reason
    assert reason.startswith("nowhere.invalid:9: the host of nowhere.invalid:9 is not found: ")


def test_parameters_that_no_bytes_stand_for(client: Client) -> None:
    with raw_server(says(HELLO)) as port:
        exchange = client.ask("127.0.0.1", port, params={"USER": "\ud800"})
    assert exchange.reason.startswith(f"127.0.0.1:{port}: the host failed: UnicodeEncodeError: ")


# ---- Kept connections ----------------------------------------------------------------------------


@contextmanager
def counting(limits: list[int]) -> Iterator[tuple[int, list[int]]]:
    """A server whose nth connection answers limits[n] requests and is then closed, at the next
    request. Gives its port and, for each connection, how many requests it saw."""
    seen: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(seen)
        seen.append(0)
        while await read_request(reader, 0):
            seen[number] += 1
            if seen[number] > limits[number]:
                return
            writer.write(HELLO)

    with raw_server(answer) as port:
        yield port, seen


def test_kept_and_used_again(client: Client) -> None:
    with counting([9, 9]) as (port, seen):
        for _ in range(3):
            assert client.ask("127.0.0.1", port, keepalive=True).answer == b"hello"
        assert client.ask("127.0.0.1", port).answer == b"hello"
        assert seen == [3, 1]


def test_a_kept_connection_that_was_closed_is_not_taken(client: Client) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, 0)
        writer.write(HELLO)

    with raw_server(once) as port:
        for _ in range(2):
            assert client.ask("127.0.0.1", port, stdin=b"x", keepalive=True).answer == b"hello"
            time.sleep(0.5)  # it has heard of the end


def test_a_kept_connection_that_closes_on_the_request(client: Client) -> None:
    """Without a body it is asked again; with one, nobody knows what was done with it."""
    with counting([1, 1, 1]) as (port, seen):
        assert client.ask("127.0.0.1", port, keepalive=True).answer == b"hello"
        assert client.ask("127.0.0.1", port, keepalive=True).answer == b"hello"
        assert seen == [2, 1]
        words = "the server closed the connection without an answer"
        exchange = client.ask("127.0.0.1", port, stdin=b"x", keepalive=True)
        assert exchange.reason == f"127.0.0.1:{port}: {words}"
        assert seen == [2, 2]


def test_idle_connections_are_few(client: Client) -> None:
    """One is kept when nobody else waits: each may hold a process of the server."""
    seen: list[int] = []
    waiting: list[asyncio.StreamWriter] = []
    count = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(seen)
        seen.append(0)
        while await read_request(reader, 0):
            seen[number] += 1
            waiting.append(writer)
            if len(waiting) == count:  # all are under way at once
                for one in waiting:
                    one.write(HELLO)
                waiting.clear()

    with raw_server(answer) as port:
        for count in (10, 4):
            for exchange in [client.begin("127.0.0.1", port, keepalive=True) for _ in range(count)]:
                assert exchange.over.wait(60)
        assert sorted(seen, reverse=True) == [2] + [1] * 12


def test_idle_for_too_long(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastcgi_pool, "IDLE_SECONDS", 0.1)
    with counting([9, 9]) as (port, seen):
        client.ask("127.0.0.1", port, keepalive=True)
        time.sleep(0.3)
        client.ask("127.0.0.1", port, keepalive=True)
        assert seen == [1, 1]


# ---- The end -------------------------------------------------------------------------------------


def test_cancelled_while_it_is_served(client: Client) -> None:
    asked, gone = threading.Event(), threading.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, 0)
        asked.set()
        await reader.read()
        gone.set()

    with raw_server(answer) as port:
        exchange = client.begin("127.0.0.1", port)
        assert asked.wait(60)
        exchange.cancelled = True
        client.thread.call(client.service.cancel, exchange)
        assert gone.wait(60)
    assert exchange.calls == []


def test_cancelled_before_it_began(client: Client) -> None:
    with raw_server(says(HELLO)) as port:
        exchange = client.begin("127.0.0.1", port, cancelled=True)
        client.ask("127.0.0.1", port)
    assert exchange.calls == []


def test_the_host_closes() -> None:
    client = Client()
    asked: list[bool] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_request(reader, 0) is not None)
        await reader.read()

    with raw_server(silent) as port:
        open_ones = [client.begin("127.0.0.1", port, keepalive=True) for _ in range(3)]
        wait_until(lambda: asked == [True] * 3)
        assert client.thread.close()
    reason = f"127.0.0.1:{port}: the host was closed before the answer was there"
    assert [exchange.reason for exchange in open_ones] == [reason] * 3


def test_the_host_closes_with_idle_connections() -> None:
    client = Client()
    with counting([9]) as (port, _):
        client.ask("127.0.0.1", port, keepalive=True)
        assert client.thread.close()
