"""WebSockets that do not come about or break off: every reason, and its words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from mesibo_abi.peers.serving import Serve
from mesibo_abi.services.socket_exchange import SocketTimeouts
from tests.services.recorder import raw_server
from tests.services.socket_recorder import Client, failure_of, upgrade


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


def says(data: bytes) -> Serve:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await upgrade(reader, writer)
        writer.write(data)
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the connection broke without a close frame"),
        (b"\x82\x05abc", "the connection broke without a close frame"),
        (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "what came in is no WebSocket: "),
        (b"\x83\x01a", "what came in is no WebSocket: "),
    ],
)
def test_broken_off(
    client: Client, caplog: pytest.LogCaptureFixture, data: bytes, words: str
) -> None:
    with raw_server(says(data)) as port:
        assert failure_of(client, f"ws://127.0.0.1:{port}/", caplog).startswith(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "status 200"),
    ],
)
def test_no_upgrade(
    client: Client, caplog: pytest.LogCaptureFixture, answer: bytes, words: str
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    with raw_server(refuse) as port:
        found = failure_of(client, f"ws://127.0.0.1:{port}/", caplog)
    assert found == f"the server answered with {words}, not with a WebSocket"


def test_hung_up(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    with raw_server(hang_up) as port:
        words = failure_of(client, f"ws://127.0.0.1:{port}/", caplog)
    assert words == "the server closed the connection without an answer"


def test_no_http_at_the_other_end(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")

    with raw_server(other) as port:
        words = failure_of(client, f"ws://127.0.0.1:{port}/", caplog)
    assert words.startswith("no WebSocket came about: ")


def test_a_key_that_is_not_ours(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async def wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
        writer.write(b"Connection: Upgrade\r\nSec-WebSocket-Accept: eA==\r\n\r\n")

    with raw_server(wrong) as port:
        words = failure_of(client, f"ws://127.0.0.1:{port}/", caplog)
    assert words == "no WebSocket came about: Invalid challenge response"


def test_nobody_there(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    words = failure_of(client, "ws://127.0.0.1:1/", caplog)
    assert words == "cannot connect to 127.0.0.1:1: Connection refused"


def test_unknown_host(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    words = failure_of(client, "ws://nowhere.invalid/", caplog)
    assert words.startswith("the host of nowhere.invalid:80 is not found: ")


def test_a_protocol_that_is_none(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    words = failure_of(client, "ws://127.0.0.1:1/", caplog, ws_protocol="a, b\r\nX: y")
    assert words == "the WebSocket protocol 'b\\r\\nX: y' is not a token"


def test_not_connected_in_time(caplog: pytest.LogCaptureFixture) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read()

    client = Client(timeouts=SocketTimeouts(connect=0.3))
    with raw_server(silent) as port:
        words = failure_of(client, f"ws://127.0.0.1:{port}/", caplog)
    assert words == f"not connected to 127.0.0.1:{port} within 0.3 s"
    assert client.thread.close()
