"""TCP and TLS sockets against servers of asyncio, and against servers that are rude."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mesibo_abi.peers import Certificate, self_signed
from mesibo_abi.peers.replies import reset
from mesibo_abi.peers.serving import Serve
from mesibo_abi.services import streams
from mesibo_abi.services.socket_exchange import SocketTimeouts
from mesibo_abi.services.transfer import BACKLOG_LIMIT
from tests.http_server import pattern
from tests.services.recorder import raw_server, wait_until
from tests.services.socket_recorder import Client, Socket, echo, silent
from tests.tools import needs

SCHEMES = [pytest.param("sock"), pytest.param("socks", marks=needs("openssl"))]


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on a busy machine may take its time to close."""
    monkeypatch.setattr(streams, "LINGER", 60.0)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


@contextlib.contextmanager
def serving(scheme: str, answer: Serve, request: pytest.FixtureRequest) -> Iterator[str]:
    """A server for a scheme; gives its URL. TLS is that of a certificate nobody vouches for."""
    context = request.getfixturevalue("tls").context if scheme == "socks" else None
    with raw_server(answer, ssl=context) as port:
        yield f"{scheme}://127.0.0.1:{port}"


class Taking:
    """A server that keeps what it gets, once it is told to read."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.ended = threading.Event()
        self.reads = threading.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.reads.is_set():
            await asyncio.sleep(0.01)
        while data := await reader.read(1 << 20):
            self.content += data
        self.ended.set()


def arrives(exchange: Socket, content: bytes) -> None:
    wait_until(lambda: exchange.content == content)


# ---- Both schemes --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
def test_there_and_back(client: Client, scheme: str, request: pytest.FixtureRequest) -> None:
    with serving(scheme, echo, request) as url:
        exchange = client.open(url, verify_host=False)
        client.write(exchange, b"one ")
        wait_until(lambda: exchange.content == b"one ")
        client.write(exchange, b"two\0\xff")
        wait_until(lambda: exchange.content == b"one two\0\xff")
        both = ["connected", "data", "data", "written", "written"]
        wait_until(lambda: sorted(exchange.calls) == both)  # the answer may be there before
        assert exchange.calls[0] == "connected"
        client.close(exchange)
        assert client.end(exchange) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_large_both_ways(client: Client, scheme: str, request: pytest.FixtureRequest) -> None:
    data = pattern(20_000_000)
    with serving(scheme, echo, request) as url:
        exchange = client.open(url, verify_host=False)
        for start in range(0, len(data), 3_000_000):
            client.write(exchange, data[start : start + 3_000_000])
        wait_until(lambda: exchange.size == len(data))
        assert exchange.content == data
        assert "written" in exchange.calls
        client.close(exchange)
        assert client.end(exchange) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_written_means_gone(client: Client, scheme: str, request: pytest.FixtureRequest) -> None:
    taking = Taking()
    with serving(scheme, taking, request) as url:
        exchange = client.open(url, verify_host=False)
        client.write(exchange, bytes(30_000_000))  # more than any buffer of the system
        time.sleep(0.3)
        assert exchange.calls == ["connected"]
        taking.reads.set()
        wait_until(lambda: exchange.calls == ["connected", "written"])
        assert len(taking.content) > 20_000_000
        client.close(exchange)
        assert client.end(exchange) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_queued_goes_out_before_the_end(
    client: Client, scheme: str, request: pytest.FixtureRequest, patient: None
) -> None:
    taking, data = Taking(), pattern(30_000_000)
    with serving(scheme, taking, request) as url:
        exchange = client.open(url, verify_host=False)
        client.write(exchange, data)
        client.close(exchange)
        client.write(exchange, b"too late")
        time.sleep(0.2)
        assert not exchange.over.is_set()
        taking.reads.set()
        assert client.end(exchange) == 0
        assert taking.ended.wait(60)
        assert taking.content == data


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_close_while_the_server_talks(
    client: Client, scheme: str, request: pytest.FixtureRequest, patient: None
) -> None:
    """Closing with bytes unread would reset the connection, and take our last words with it."""
    heard = bytearray()
    ended = threading.Event()

    async def talker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(50):
            writer.write(bytes(1000))
            await asyncio.sleep(0.002)
        while data := await reader.read(1000):
            heard.extend(data)
        ended.set()

    with serving(scheme, talker, request) as url:
        exchange = client.open(url, verify_host=False)
        wait_until(lambda: exchange.size > 0)
        client.write(exchange, b"good" + b"bye")
        client.close(exchange)
        assert client.end(exchange) == 0
        assert ended.wait(60)
    assert heard == b"goodbye"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_server_closes(client: Client, scheme: str, request: pytest.FixtureRequest) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    with serving(scheme, once, request) as url:
        exchange = client.begin(url, verify_host=False)
        assert client.end(exchange) == 0
    assert exchange.content == b"bye"
    assert exchange.ends == ["connected", "data", "closed"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_server_goes_away(
    client: Client, scheme: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reset(writer)

    with serving(scheme, rude, request) as url:
        exchange = client.open(url, verify_host=False)
        client.write(exchange, b"x")
        assert client.end(exchange) == -1
        words = f"socket 7, {url}: the connection broke: Connection reset by peer"
        assert [record.getMessage() for record in caplog.records] == [words]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_server_closes_before_it_read_all(
    client: Client, scheme: str, request: pytest.FixtureRequest
) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    with serving(scheme, rude, request) as url:
        exchange = client.open(url, verify_host=False)
        client.write(exchange, bytes(30_000_000))
        assert client.end(exchange) == -1
        assert "written" not in exchange.calls


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("stop_at", ["connected", "written", "data"])
def test_the_module_wants_no_more(
    client: Client, scheme: str, stop_at: str, request: pytest.FixtureRequest
) -> None:
    with serving(scheme, echo, request) as url:
        exchange = client.open(url, verify_host=False, stop_at=stop_at)
        client.write(exchange, b"x")
        assert client.end(exchange) == 0
    assert exchange.calls[-2:] == [stop_at, "closed"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_reading_stops_for_a_slow_module(
    client: Client, scheme: str, request: pytest.FixtureRequest
) -> None:
    size = 40_000_000

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(pattern(size))
        await writer.drain()

    with serving(scheme, flood, request) as url:
        exchange = client.begin(url, verify_host=False, taken=False)
        wait_until(lambda: exchange.paused)
        time.sleep(0.2)
        assert BACKLOG_LIMIT < exchange.waiting < BACKLOG_LIMIT + (1 << 20)
        client.thread.call(client.service.resume, exchange)  # it has taken nothing: reading waits
        time.sleep(0.1)
        assert exchange.waiting < BACKLOG_LIMIT + (1 << 20)
        client.resume(exchange)
        assert client.end(exchange) == 0
    assert exchange.content == pattern(size)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_close_of_a_slow_module(
    client: Client, scheme: str, request: pytest.FixtureRequest
) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(40_000_000))
        await writer.drain()

    with serving(scheme, flood, request) as url:
        exchange = client.begin(url, verify_host=False, taken=False)
        wait_until(lambda: exchange.paused)
        client.close(exchange)
        assert client.end(exchange) == 0
    assert exchange.size < BACKLOG_LIMIT + (1 << 20)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_many_at_once(scheme: str, request: pytest.FixtureRequest) -> None:
    client = Client(timeouts=SocketTimeouts(connect=60))
    with serving(scheme, echo, request) as url:
        exchanges = [client.begin(url, verify_host=False) for _ in range(200)]
        for number, exchange in enumerate(exchanges):
            client.write(exchange, b"%d" % number)  # connected or not
        for number, exchange in enumerate(exchanges):
            arrives(exchange, b"%d" % number)
        assert len({exchange.fd for exchange in exchanges}) == 200
        for exchange in exchanges:
            client.close(exchange)
        assert [client.end(exchange) for exchange in exchanges] == [0] * 200
    assert client.thread.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_host_closes(scheme: str, request: pytest.FixtureRequest, patient: None) -> None:
    """Without waiting for anybody."""

    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hi")
        await reader.read()

    client = Client()
    with serving(scheme, greets, request) as url, socket.create_server(("127.0.0.1", 0)) as mute:
        open_ones = [client.open(url, verify_host=False) for _ in range(3)]
        for exchange in open_ones:
            arrives(exchange, b"hi")
        client.write(open_ones[0], bytes(30_000_000))
        opening = client.begin(f"{scheme}://127.0.0.1:{mute.getsockname()[1]}")
        assert client.thread.close()
    assert [client.end(exchange) for exchange in [*open_ones, opening]] == [-1] * 4


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_takes_nothing(
    scheme: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(timeouts=SocketTimeouts(close=0.3))
    with serving(scheme, Taking(), request) as url:
        exchange = client.open(url, verify_host=False)
        client.write(exchange, bytes(30_000_000))
        client.close(exchange)
        assert client.end(exchange) == -1
    words = f"socket 7, {url}: what was written did not go out within 0.3 s of closing"
    assert [record.getMessage() for record in caplog.records] == [words]
    assert client.thread.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_does_not_close(
    client: Client, scheme: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LINGER", 0.2)
    heard = Taking()

    async def stays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()  # no close_notify comes back either
        heard.ended.set()
        await asyncio.sleep(3600)

    with serving(scheme, stays, request) as url:
        exchange = client.open(url, verify_host=False)
        assert heard.ended.wait(60)
        client.write(exchange, b"bye")
        client.close(exchange)
        assert client.end(exchange) == 0


# ---- One by one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("keepalive", [False, True])
def test_keepalive(client: Client, keepalive: bool) -> None:
    with raw_server(silent) as port:
        exchange = client.open(f"sock://127.0.0.1:{port}", keepalive=keepalive)
        with socket.socket(fileno=os.dup(exchange.fd)) as same:
            assert same.getpeername()[1] == port
            found = same.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert bool(found) == keepalive
        client.close(exchange)
        assert client.end(exchange) == 0


def test_nothing_to_write(client: Client) -> None:
    with raw_server(echo) as port:
        exchange = client.open(f"sock://127.0.0.1:{port}")
        client.write(exchange, b"")
        client.write(exchange, b"x")
        wait_until(lambda: sorted(exchange.calls) == ["connected", "data", "written"])
        assert exchange.content == b"x"


def test_a_server_that_half_closes_gets_the_rest(client: Client) -> None:
    """What was queued before the other end closed its side is still sent."""
    heard = bytearray()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write_eof()
        await asyncio.sleep(0.2)
        while data := await reader.read(1 << 20):
            heard.extend(data)

    with raw_server(half) as port:
        exchange = client.open(f"sock://127.0.0.1:{port}")
        client.write(exchange, bytes(30_000_000))
        assert client.end(exchange) == 0
        wait_until(lambda: len(heard) == 30_000_000 - 1)


def test_calls_behind_the_end_do_nothing(client: Client) -> None:
    with raw_server(echo) as port:
        exchange = client.open(f"sock://127.0.0.1:{port}")
        client.close(exchange)
        client.close(exchange)
        assert client.end(exchange) == 0
        client.write(exchange, b"x")
        client.resume(exchange)
        client.close(exchange)
        other = client.open(f"sock://127.0.0.1:{port}")
        client.close(other)
        assert client.end(other) == 0
    assert exchange.calls == ["connected", "closed"]
