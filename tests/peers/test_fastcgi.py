"""The scripted FastCGI peer, asked by this package's own client."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Error, InputError
from mesibo_abi.peers import FastcgiAsked, FastcgiPeer, FastcgiReply, RawReply, Then
from mesibo_abi.services.fastcgi_records import (
    Answer,
    Records,
    decode_params,
    encode_params,
    encode_request,
)
from mesibo_abi.services.transfer import Failure
from tests.services.fastcgi_recorder import Client

SECONDS = 60


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


def test_replies_come_in_order(client: Client) -> None:
    with FastcgiPeer("one", FastcgiReply(b"two"), lambda asked: asked.body) as peer:
        answers = [client.ask(peer.host, peer.port, stdin=b"x").answer for _ in range(3)]
    assert answers == [b"one", b"two", b"x"]


def test_what_was_asked_is_recorded(client: Client) -> None:
    with FastcgiPeer("a", "b") as peer:
        for _ in range(2):
            client.ask(peer.host, peer.port, params={"A": "b", "C": "ü"}, stdin=b"\0x")
        first, second = peer.requests
    assert first.params["A"] == "b"
    assert first.params["C"] == "ü"
    assert (first.body, first.keep, first.connection) == (b"\0x", False, 0)
    assert second.connection == 1


def test_a_connection_is_kept(client: Client) -> None:
    with FastcgiPeer("a", "b") as peer:
        for _ in range(2):
            client.ask(peer.host, peer.port, keepalive=True)
        assert [(asked.keep, asked.connection) for asked in peer.requests] == [(True, 0)] * 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (FastcgiReply("x", status=2), "the application ended with status 2"),
        (FastcgiReply(protocol_status=2), "the server is overloaded (protocol status 2)"),
        (FastcgiReply("hello", cut=20), "the answer was cut short after 20 bytes"),
        (
            RawReply(b"", then=Then.CLOSE),
            "the server closed the connection without an answer",
        ),
        (
            RawReply(b"HTTP/1.1", then=Then.CLOSE),
            "the answer is not FastCGI: version 72, expected 1",
        ),
    ],
)
def test_failures(client: Client, reply: FastcgiReply | RawReply, reason: str) -> None:
    with FastcgiPeer(reply) as peer:
        found = client.ask(peer.host, peer.port).reason
        assert found == f"{peer.address}: {reason}"


def test_at_a_path(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "fcgi.sock"
    with FastcgiPeer("one", RawReply(b"", then=Then.CLOSE), path=path) as peer:
        assert (peer.host, peer.port, peer.address) == (str(path), 0, str(path))
        assert client.ask(peer.host, peer.port).answer == b"one"
        reason = "the server closed the connection without an answer"
        assert client.ask(peer.host, peer.port).reason == f"{path}: {reason}"
    assert not path.exists()


@pytest.mark.parametrize(
    ("path", "found"),
    [("none/fcgi.sock", "No such file or directory"), ("x" * 200, "AF_UNIX path too long")],
)
def test_a_path_where_no_socket_can_be(tmp_path: Path, path: str, found: str) -> None:
    with pytest.raises(Error) as caught, FastcgiPeer(path=tmp_path / path):
        pass
    assert str(caught.value) == (
        f"a peer cannot listen at {tmp_path / path}\n"
        f"  expected a place for a socket, found: {found}\n"
        "  hint: give it a short path, in a folder that is there and may be written to"
    )


@given(
    params=st.dictionaries(st.text(max_size=200), st.text(max_size=200), max_size=5),
    body=st.binary(max_size=200) | st.integers(65520, 140000).map(bytes),
)
def test_whatever_is_asked_and_answered(params: dict[str, str], body: bytes) -> None:
    with (
        FastcgiPeer(FastcgiReply(body, errors=b"why")) as peer,
        socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"".join(encode_request(encode_params(params), body, keep=False)))
        records, answer = Records(), Answer(1 << 20)
        while data := connection.recv(65536):
            for record in records.feed(data):
                answer.add(record)
        assert answer.over
        assert (answer.body(), bytes(answer.errors)) == (body, b"why")
        assert peer.requests == (FastcgiAsked(params, body, False, 0),)


TEXTS = st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape"))


@given(params=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4), data=st.data())
def test_parameters_that_are_cut_short(params: dict[str, str], data: st.DataObject) -> None:
    encoded = encode_params(params)
    cut = data.draw(st.integers(0, len(encoded) - 1))
    whole = [dict(list(params.items())[:count]) for count in range(len(params))]
    between = [part for part in whole if len(encode_params(part)) == cut]
    if between:
        assert decode_params(encoded[:cut]) == between[0]
        return
    with pytest.raises(Failure, match=r"^parameters that are cut short$"):
        decode_params(encoded[:cut])


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "the answer is not FastCGI: version 71, expected 1"),
        (bytes([1, 9, 0, 1, 0, 0, 0, 0]), "a record of type 9"),
        (bytes([1, 5, 0, 1, 0, 0, 0, 0]), "a begin of 0 bytes, expected 8"),
    ],
)
def test_what_is_no_request(sent: bytes, found: str) -> None:
    peer = FastcgiPeer("never")
    peer.start()
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(sent)
        assert connection.recv(1) == b""
    peer.close()
    with pytest.raises(Error) as caught:
        peer.check()
    assert str(caught.value) == (
        "the FastCGI peer was sent what is no request, on connection 0\n"
        f"  expected FastCGI, found {found}\n"
        "  hint: look what the module was told to connect to"
    )


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [("status", -1, (1 << 32) - 1), ("protocol_status", 256, 255)],
)
def test_replies_that_cannot_be(name: str, value: int, most: int) -> None:
    with pytest.raises(InputError) as caught:
        FastcgiReply(**{name: value})  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"FastcgiReply cannot have {name}={value}\n"
        f"  expected 0 to {most}, got {value}\n"
        "  hint: a RawReply has any bytes there are"
    )
