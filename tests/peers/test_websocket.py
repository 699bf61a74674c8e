"""The scripted WebSocket peer, asked by this package's own client, and by bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Error, InputError
from mesibo_abi.peers import RawReply, Then, WebSocketAsked, WebSocketPeer, WebSocketReply
from mesibo_abi.peers.websocket import Opcode, encode_frame, masked
from tests.services.recorder import wait_until
from tests.services.socket_recorder import Client

SECONDS = 60
MASK = b"\1\2\3\4"
HANDSHAKE = (
    b"GET /chat?a=1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPTED = (  # the example of RFC 6455
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


@contextlib.contextmanager
def connected(peer: WebSocketPeer) -> Iterator[socket.socket]:
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(HANDSHAKE)
        assert read(connection, len(ACCEPTED)) == ACCEPTED
        yield connection


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, data
        data += piece
    return data


def frame(opcode: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """As a client sends it."""
    size = len(payload)
    first = bytes([opcode | (0x80 if is_last else 0)])
    if size < 126:
        head = first + bytes([0x80 | size])
    elif size < 1 << 16:
        head = first + bytes([0x80 | 126]) + struct.pack("!H", size)
    else:
        head = first + bytes([0x80 | 127]) + struct.pack("!Q", size)
    return head + MASK + masked(payload, MASK)


def test_replies_come_in_order(client: Client) -> None:
    script = ("one", b"\xff", WebSocketReply("three"), lambda asked: asked.data)
    with WebSocketPeer(*script) as peer:
        exchange = client.open(f"{peer.url}/chat")
        for n, data in enumerate((b"a", b"\xff\0", b"c", b"d"), 1):
            client.write(exchange, data)
            wait_until(lambda n=n: len(exchange.chunks) == n)  # type: ignore[misc]
        client.close(exchange)
        assert client.end(exchange) == 0
    assert exchange.chunks == [b"one", b"\xff", b"three", b"d"]
    assert peer.requests == tuple(WebSocketAsked(each, 0) for each in ("a", b"\xff\0", "c", "d"))


def test_the_handshake(client: Client) -> None:
    with WebSocketPeer() as peer:
        exchange = client.open(f"{peer.url}/chat?x=1", ws_protocol="chat")
        client.close(exchange)
        assert client.end(exchange) == 0
    (handshake,) = peer.handshakes
    assert (handshake.target, handshake.connection) == ("/chat?x=1", 0)
    assert handshake.header("Sec-WebSocket-Protocol") == "chat"


@pytest.mark.parametrize(
    ("asked", "taken"), [(b"chat", b"chat"), (b"a, b, chat", b"b"), (b"none", None), (b"", None)]
)
def test_a_subprotocol(asked: bytes, taken: bytes | None) -> None:
    line = b"Sec-WebSocket-Protocol: "
    said = ACCEPTED if taken is None else ACCEPTED[:-2] + line + taken + b"\r\n\r\n"
    with (
        WebSocketPeer(subprotocols=["chat", "b"]) as peer,
        socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(HANDSHAKE[:-2] + line + asked + b"\r\n\r\n")
        assert read(connection, len(said)) == said


def test_the_peer_closes(client: Client) -> None:
    with WebSocketPeer(WebSocketReply("bye", close=1000)) as peer:
        exchange = client.open(peer.url)
        client.write(exchange, b"x")
        assert client.end(exchange) == 0
    assert exchange.chunks == [b"bye"]


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
def test_the_connection_is_lost(client: Client, then: Then) -> None:
    with WebSocketPeer(RawReply(b"", then=then)) as peer:
        exchange = client.open(peer.url)
        client.write(exchange, b"x")
        assert client.end(exchange) == -1


def test_a_close_is_answered_and_its_answer_waited_for() -> None:
    with WebSocketPeer(WebSocketReply(close=1001)) as peer:
        with connected(peer) as connection:
            connection.sendall(frame(Opcode.CLOSE, b"\3\xe8"))
            assert read(connection, 4) == b"\x88\2\3\xe8"
            assert connection.recv(1) == b""
        with connected(peer) as connection:
            connection.sendall(frame(Opcode.TEXT, b"a"))
            assert read(connection, 4) == b"\x88\2\3\xe9"
            connection.sendall(frame(Opcode.TEXT, b"late") + frame(Opcode.CLOSE, b"\3\xe9"))
            assert connection.recv(1) == b""
        assert peer.requests == (WebSocketAsked("a", 1),)


def test_pings_between_the_frames_of_a_message() -> None:
    with WebSocketPeer(lambda asked: asked.data) as peer, connected(peer) as connection:
        connection.sendall(
            frame(Opcode.TEXT, b"\xc3", is_last=False)
            + frame(Opcode.PING, b"there?")
            + frame(Opcode.PONG, b"")
            + frame(Opcode.MORE, b"\xbc")
        )
        assert read(connection, 12) == b"\x8a\6there?" + b"\x81\2\xc3\xbc"


@given(data=st.binary(max_size=200) | st.sampled_from([125, 126, 65535, 65536]).map(bytes))
def test_whatever_is_asked_and_answered(data: bytes) -> None:
    with WebSocketPeer(lambda asked: asked.data) as peer, connected(peer) as connection:
        connection.sendall(frame(Opcode.BINARY, data))
        wanted = encode_frame(Opcode.BINARY, data)
        assert read(connection, len(wanted)) == wanted


TEXT = frame(Opcode.TEXT, b"a", is_last=False)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"\x81\1a", "a frame without a mask"),
        (b"\xc1\x81", "a frame of an extension that was not agreed upon"),
        (b"\x83\x80", "a frame of type 3"),
        (frame(Opcode.MORE, b"a"), "a frame MORE where none can be"),
        (TEXT + TEXT, "a frame TEXT where none can be"),
        (frame(Opcode.TEXT, b"\xff"), "text that is not UTF-8: b'\\xff'"),
    ],
)
def test_what_is_no_frame(sent: bytes, found: str) -> None:
    peer = WebSocketPeer("never")
    peer.start()
    with connected(peer) as connection:
        connection.sendall(sent)
        assert connection.recv(1) == b""
    peer.close()
    with pytest.raises(Error) as caught:
        peer.check()
    assert str(caught.value) == (
        "the WebSocket peer was sent what is no request, on connection 0\n"
        f"  expected WebSocket, found {found}\n"
        "  hint: look what the module was told to connect to"
    )


def test_what_is_no_handshake() -> None:
    peer = WebSocketPeer()
    peer.start()
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1) == b""
    peer.close()
    with pytest.raises(Error, match="found a request for /x that does not ask for a WebSocket"):
        peer.check()


@pytest.mark.parametrize("close", [999, 5000])
def test_a_code_that_cannot_be(close: int) -> None:
    with pytest.raises(InputError) as caught:
        WebSocketReply(close=close)
    assert str(caught.value) == (
        f"WebSocketReply cannot have close={close}\n"
        f"  expected 1000 to 4999, got {close}\n"
        "  hint: a RawReply has any bytes there are"
    )
