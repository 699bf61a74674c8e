"""The scripted socket peer."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesibo_abi import InputError
from mesibo_abi.peers import RawReply, SocketAsked, SocketPeer, Then, self_signed
from tests.tools import needs

SECONDS = 60


@contextlib.contextmanager
def connected(peer: SocketPeer) -> Iterator[socket.socket]:
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        yield connection


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, data
        data += piece
    return data


def test_lines_are_answered_in_order() -> None:
    with SocketPeer("one\n", b"two\n", until=b"\n") as peer, connected(peer) as connection:
        connection.sendall(b"a\nb\n")
        assert read(connection, 8) == b"one\ntwo\n"
        assert peer.requests == (SocketAsked(b"a\n", 0), SocketAsked(b"b\n", 0))
        assert peer.received() == b"a\nb\n"


def test_requests_of_a_size() -> None:
    with (
        SocketPeer(lambda asked: asked.data[::-1], size=3) as peer,
        connected(peer) as connection,
    ):
        connection.sendall(b"abcdef")
        assert read(connection, 6) == b"cbafed"


def test_whatever_comes_at_once() -> None:
    with SocketPeer(lambda asked: asked.data) as peer, connected(peer) as connection:
        connection.sendall(b"x" * 100000)
        assert read(connection, 100000) == b"x" * 100000
        assert peer.received() == b"x" * 100000


def test_a_greeting() -> None:
    with SocketPeer(greeting="hello\n") as peer, connected(peer) as connection:
        assert read(connection, 6) == b"hello\n"
    assert peer.requests == ()


def test_connections_are_told_apart() -> None:
    with SocketPeer("1", "2", size=1) as peer:
        for byte in (b"a", b"b"):
            with connected(peer) as connection:
                connection.sendall(byte)
                connection.recv(1)
    assert (peer.received(0), peer.received(1), peer.received(2)) == (b"a", b"b", b"")


@pytest.mark.parametrize("options", [{"until": b"\n"}, {"size": 10}])
def test_what_is_left_at_the_end(options: dict[str, object]) -> None:
    with SocketPeer(**options) as peer:  # type: ignore[arg-type]
        with connected(peer) as connection:
            connection.sendall(b"half")
        assert peer.wait_for(1) == (SocketAsked(b"half", 0),)


@pytest.mark.parametrize(("then", "raises"), [(Then.CLOSE, False), (Then.RESET, True)])
def test_how_it_ends(then: Then, raises: bool) -> None:
    with SocketPeer(RawReply(b"", then=then), size=1) as peer, connected(peer) as connection:
        connection.sendall(b"x")
        with pytest.raises(ConnectionResetError) if raises else contextlib.nullcontext():
            assert connection.recv(1) == b""


@needs("openssl")
def test_over_tls(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=certificate.file)
    with SocketPeer("secret", size=1, tls=certificate) as peer, connected(peer) as plain:
        assert peer.url == f"socks://localhost:{peer.port}"
        with trust.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(b"x")
            assert read(connection, 6) == b"secret"


def test_two_ways_of_ending_a_request() -> None:
    with pytest.raises(InputError) as caught:
        SocketPeer(until=b"\n", size=3)
    assert str(caught.value) == (
        "the socket peer cannot have until=b'\\n' and size=3\n"
        "  expected one of the two, as each says where a request ends\n"
        "  hint: leave one out"
    )
