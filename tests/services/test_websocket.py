"""WebSockets against aiohttp's server, and against servers that break off."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp import WSMsgType, web

from mesibo_abi.peers import self_signed
from mesibo_abi.services import websocket
from mesibo_abi.services.socket_exchange import SocketTimeouts
from mesibo_abi.services.thread import ServiceThread
from mesibo_abi.services.transfer import BACKLOG_LIMIT
from tests.http_server import pattern
from tests.services.recorder import raw_server, wait_until
from tests.services.socket_recorder import Client, Socket, deaf, failure_of
from tests.tools import needs

Talk: TypeAlias = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


@contextmanager
def talking(
    talk: Talk, protocols: tuple[str, ...] = (), context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A WebSocket server that does with each connection what `talk` says; gives its URL."""
    thread = ServiceThread()
    ports: list[int] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.WebSocketResponse:
        end = web.WebSocketResponse(protocols=protocols, max_msg_size=0, timeout=1)
        await end.prepare(request)
        await talk(end, request)
        return end

    async def listen() -> None:
        app = web.Application()
        app.router.add_get("/chat", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.2, handler_cancellation=True)
        await runner.setup()
        with socket.create_server(("127.0.0.1", 0), backlog=300) as listener:
            await web.SockSite(runner, listener, ssl_context=context).start()
            ports.append(listener.getsockname()[1])
            ready.set()
            await stop.wait()
            await runner.cleanup()

    tasks: list[asyncio.Task[None]] = []
    thread.call(lambda: tasks.append(asyncio.get_running_loop().create_task(listen())))
    assert ready.wait(60)
    try:
        yield f"{'ws' if context is None else 'wss'}://localhost:{ports[0]}/chat"
    finally:
        thread.call(stop.set)
        wait_until(tasks[0].done)
        assert thread.close()


async def echo(end: web.WebSocketResponse, _: web.Request) -> None:
    async for message in end:
        kind = b"text " if message.type is WSMsgType.TEXT else b"binary "
        data = message.data.encode() if isinstance(message.data, str) else message.data
        await end.send_bytes(kind + data)


async def stays(end: web.WebSocketResponse, _: web.Request) -> None:
    await end.receive()


def arrives(exchange: Socket, *chunks: bytes) -> None:
    wait_until(lambda: exchange.chunks == list(chunks))


def finish(client: Client, exchange: Socket) -> None:
    client.close(exchange)
    assert client.end(exchange) == 0


def test_text_and_binary_out(client: Client) -> None:
    with talking(echo) as url:
        exchange = client.open(url)
        client.write(exchange, '{"a":"\u00e4"}'.encode())
        client.write(exchange, b"\xff\0")
        client.write(exchange, b"")
        arrives(exchange, 'text {"a":"\u00e4"}'.encode(), b"binary \xff\0", b"text ")
        finish(client, exchange)
    assert exchange.calls[0] == "connected"
    assert exchange.calls[-1] == "closed"
    assert exchange.calls.count("written") in (1, 2, 3)


def test_text_and_binary_in(client: Client) -> None:
    async def both(end: web.WebSocketResponse, _: web.Request) -> None:
        await end.send_str("\u00e4")
        await end.send_bytes(b"\xff")
        await end.send_str("")

    with talking(both) as url:
        exchange = client.begin(url)
        assert client.end(exchange) == 0
    assert exchange.chunks == ["\u00e4".encode(), b"\xff", b""]


def test_a_descriptor_of_that_connection(client: Client) -> None:
    with talking(stays) as url:
        exchange = client.open(url)
        assert exchange.fd > 2
        finish(client, exchange)


@pytest.mark.parametrize(
    ("asked", "taken"),
    [("chat", "chat"), ("other, chat", "chat"), ("none", None), (None, None), ("", None)],
)
def test_subprotocol(client: Client, asked: str | None, taken: str | None) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def look(end: web.WebSocketResponse, request: web.Request) -> None:
        seen.append((request.headers.get("Sec-WebSocket-Protocol"), end.ws_protocol))

    with talking(look, protocols=("chat",)) as url:
        exchange = client.begin(url, ws_protocol=asked)
        assert client.end(exchange) == 0
    assert seen == [(asked.replace(" ", "") if asked else None, taken)]


def test_path_and_query(client: Client) -> None:
    async def look(end: web.WebSocketResponse, request: web.Request) -> None:
        await end.send_str(request.path_qs)

    with talking(look) as url:
        exchange = client.begin(f"{url}?a=%20b&c=%2F")
        assert client.end(exchange) == 0
    assert exchange.content in (b"/chat?a=%20b&c=%2F", b"/chat?a=+b&c=/", b"/chat?a=%20b&c=/")


def test_large_both_ways(client: Client) -> None:
    data = pattern(20_000_000)
    with talking(echo) as url:
        exchange = client.open(url)
        for start in range(0, len(data), 5_000_000):
            client.write(exchange, data[start : start + 5_000_000])
        wait_until(lambda: len(exchange.chunks) == 4, 30)
        assert b"".join(chunk.removeprefix(b"binary ") for chunk in exchange.chunks) == data
        finish(client, exchange)


def test_what_is_queued_goes_out_before_the_end(client: Client) -> None:
    heard: list[int] = []
    client_closes, ended = threading.Event(), threading.Event()

    async def slow(end: web.WebSocketResponse, _: web.Request) -> None:
        while not client_closes.is_set():
            await asyncio.sleep(0.01)
        heard.extend([len(message.data) async for message in end])
        ended.set()

    with talking(slow) as url:
        exchange = client.open(url)
        for _ in range(5):
            client.write(exchange, b"\xff" * 4_000_000)
        client.close(exchange)
        client.write(exchange, b"too late")
        time.sleep(0.2)
        assert not exchange.over.is_set()
        client_closes.set()
        assert client.end(exchange) == 0
        assert ended.wait(60)
    assert heard == [4_000_000] * 5


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
def test_the_server_closes(client: Client, code: int) -> None:
    async def ends(end: web.WebSocketResponse, _: web.Request) -> None:
        await end.send_str("bye")
        await end.close(code=code)

    with talking(ends) as url:
        exchange = client.begin(url)
        assert client.end(exchange) == 0
    assert exchange.calls == ["connected", "data", "closed"]


def test_the_client_closes(client: Client) -> None:
    codes: list[int | None] = []

    async def note(end: web.WebSocketResponse, _: web.Request) -> None:
        await end.receive()
        codes.append(end.close_code)

    with talking(note) as url:
        finish(client, client.open(url))
        wait_until(lambda: codes == [1000])


@pytest.mark.parametrize("stop_at", ["connected", "written", "data"])
def test_the_module_wants_no_more(client: Client, stop_at: str) -> None:
    with talking(echo) as url:
        exchange = client.open(url, stop_at=stop_at)
        client.write(exchange, b"x")
        assert client.end(exchange) == 0
    assert exchange.calls[-2:] == [stop_at, "closed"]


def test_reading_stops_for_a_slow_module(client: Client) -> None:
    chunk = b"\xff" * 1_000_000

    async def flood(end: web.WebSocketResponse, _: web.Request) -> None:
        for _n in range(40):
            await end.send_bytes(chunk)

    with talking(flood) as url:
        exchange = client.begin(url, taken=False)
        wait_until(lambda: exchange.paused)
        time.sleep(0.2)
        assert BACKLOG_LIMIT < exchange.waiting < BACKLOG_LIMIT + (2 << 20)
        client.thread.call(client.service.resume, exchange)  # it has taken nothing: reading waits
        time.sleep(0.1)
        assert exchange.waiting < BACKLOG_LIMIT + (2 << 20)
        client.resume(exchange)
        assert client.end(exchange) == 0
    assert exchange.size == 40_000_000


def test_a_close_while_the_server_talks_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It never reads our close frame, and the module is behind: closed all the same."""
    monkeypatch.setattr(websocket, "LINGER", 0.3)

    async def flood(end: web.WebSocketResponse, _: web.Request) -> None:
        while not end.closed:
            await end.send_bytes(bytes(1_000_000))

    with talking(flood) as url:
        exchange = client.begin(url, taken=False)
        wait_until(lambda: exchange.paused)
        client.close(exchange)
        assert client.end(exchange) == 0


def test_many_at_once(client: Client) -> None:
    with talking(echo) as url:
        exchanges = [client.begin(url) for _ in range(200)]
        for number, exchange in enumerate(exchanges):
            client.write(exchange, b"%d" % number)  # connected or not
        for number, exchange in enumerate(exchanges):
            arrives(exchange, b"text %d" % number)
        for exchange in exchanges:
            client.close(exchange)
        assert [client.end(exchange) for exchange in exchanges] == [0] * 200


def test_the_host_closes() -> None:
    client = Client()
    with talking(stays) as url, socket.create_server(("127.0.0.1", 0)) as mute:
        open_ones = [client.open(url) for _ in range(3)]
        opening = client.begin(f"ws://127.0.0.1:{mute.getsockname()[1]}/")
        assert client.thread.close()
    assert [client.end(exchange) for exchange in [*open_ones, opening]] == [-1] * 4


def test_a_server_that_takes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(timeouts=SocketTimeouts(close=0.3))
    with raw_server(deaf) as port:
        url = f"ws://127.0.0.1:{port}/"
        exchange = client.open(url)
        client.write(exchange, bytes(30_000_000))
        client.close(exchange)
        assert client.end(exchange) == -1
    words = f"socket 7, {url}: what was written did not go out within 0.3 s of closing"
    assert [record.getMessage() for record in caplog.records] == [words]
    assert client.thread.close()


# ---- Pings ---------------------------------------------------------------------------------------


def test_keepalive_pings(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # Also how long an answer may take: more than it does where others want the processor, too.
    monkeypatch.setattr(websocket, "PING_SECONDS", 1.0)
    pings: list[bytes] = []

    async def count(end: web.WebSocketResponse, _: web.Request) -> None:
        end._autoping = False
        async for message in end:
            assert message.type is WSMsgType.PING
            pings.append(message.data)
            await end.pong(message.data)

    with talking(count) as url:
        quiet = client.open(url)
        exchange = client.open(url, keepalive=True)
        wait_until(lambda: len(pings) >= 3)
        assert not exchange.over.is_set()
        assert len(pings) < 20
        finish(client, exchange)
        finish(client, quiet)


def test_a_ping_that_is_not_answered(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.1)
    with raw_server(deaf) as port:
        url = f"ws://127.0.0.1:{port}/"
        exchange = client.open(url, keepalive=True)
        assert client.end(exchange) == -1
    words = f"socket 7, {url}: a ping was not answered within 0.1 s"
    assert [record.getMessage() for record in caplog.records] == [words]


def test_pings_of_the_server_are_answered(client: Client) -> None:
    answered = threading.Event()

    async def ask(end: web.WebSocketResponse, _: web.Request) -> None:
        end._autoping = False
        await end.ping(b"there?")
        message = await end.receive()
        if (message.type, bytes(message.data)) == (WSMsgType.PONG, b"there?"):
            answered.set()

    with talking(ask) as url:
        exchange = client.begin(url)
        assert client.end(exchange) == 0
    assert answered.is_set()
    assert exchange.calls == ["connected", "closed"]


# ---- Certificates --------------------------------------------------------------------------------


@needs("openssl")
def test_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = self_signed(tmp_path)
    with talking(echo, context=certificate.context) as url:
        unsure = Client()
        exchange = unsure.open(url, verify_host=False)
        unsure.write(exchange, b"x")
        arrives(exchange, b"text x")
        finish(unsure, exchange)
        peer = url.removeprefix("wss://").removesuffix("/chat")
        words = failure_of(unsure, url, caplog).replace("self signed", "self-signed")
        assert words == f"TLS with {peer} failed: self-signed certificate"
        assert unsure.thread.close()

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        sure = Client()
        finish(sure, sure.open(url))
        other = url.replace("localhost", "127.0.0.1")
        caplog.clear()
        assert failure_of(sure, other, caplog).startswith("TLS with 127.0.0.1:")
        assert sure.thread.close()
