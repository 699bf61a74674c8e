"""The scripted HTTP peer: what it answers, by which bytes, and what it says it was asked."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Error, HttpResponse, InputError
from mesibo_abi.peers import HttpAsked, HttpPeer, HttpReply, RawReply, Then, self_signed
from tests.tools import needs

SECONDS = 60


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    with HttpPeer() as peer:
        yield peer


def ask(
    peer: HttpPeer, target: str = "/", method: str = "GET", body: bytes | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(peer.host, peer.port, timeout=SECONDS)
    try:
        connection.request(method, target, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def talk(peer: HttpPeer, data: bytes) -> bytes:
    """Sends these bytes, and gives all that comes until the peer closes."""
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_replies_come_in_order(peer: HttpPeer) -> None:
    peer.script("one", HttpReply(b"two", status=503), HttpReply.of(HttpResponse(404, {}, b"three")))
    assert [ask(peer) for _ in range(3)] == [(200, b"one"), (503, b"two"), (404, b"three")]


def test_a_function_answers_what_is_behind_them(peer: HttpPeer) -> None:
    peer.script("first", lambda asked: HttpReply(asked.target, status=201))
    assert [ask(peer, f"/{n}?q={n}") for n in range(3)] == [
        (200, b"first"),
        (201, b"/1?q=1"),
        (201, b"/2?q=2"),
    ]


def test_a_coroutine_answers(peer: HttpPeer) -> None:
    async def answer(asked: HttpAsked) -> bytes:
        await asyncio.sleep(0)
        return asked.body

    peer.script(answer)
    assert ask(peer, method="POST", body=b"\0\xff") == (200, b"\0\xff")


def test_what_was_asked_is_recorded(peer: HttpPeer) -> None:
    peer.script("a", "b")
    ask(peer, "/x?y=z", "POST", b"body")
    ask(peer)
    first, second = peer.wait_for(2)
    assert (first.method, first.target, first.body) == ("POST", "/x?y=z", b"body")
    assert first.url == f"{peer.url}/x?y=z"
    assert first.header("content-length") == "4"
    assert (second.method, second.target, second.body) == ("GET", "/", b"")
    assert (first.connection, second.connection) == (0, 1)
    assert peer.requests == (first, second)


def test_a_connection_stays_open(peer: HttpPeer) -> None:
    peer.script("a", "b")
    connection = http.client.HTTPConnection(peer.host, peer.port, timeout=SECONDS)
    for body in (b"a", b"b"):
        connection.request("GET", "/")
        assert connection.getresponse().read() == body
    connection.close()
    assert [asked.connection for asked in peer.requests] == [0, 0]


def test_a_body_in_chunks(peer: HttpPeer) -> None:
    peer.script("done")
    connection = http.client.HTTPConnection(peer.host, peer.port, timeout=SECONDS)
    connection.request("POST", "/", iter([b"ab", b"c" * 70000]), encode_chunked=True)
    assert connection.getresponse().read() == b"done"
    connection.close()
    assert peer.requests[0].body == b"ab" + b"c" * 70000


@given(
    body=st.binary(max_size=300),
    status=st.integers(200, 599).filter(lambda status: status not in (204, 205, 304)),
    value=st.text(st.characters(min_codepoint=33, max_codepoint=126)),
)
def test_whatever_is_scripted_arrives(body: bytes, status: int, value: str) -> None:
    with HttpPeer(HttpReply(body, status=status, headers={"X-Value": value})) as peer:
        connection = http.client.HTTPConnection(peer.host, peer.port, timeout=SECONDS)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (status, body)
        assert response.headers["X-Value"] == value
        connection.close()


def test_cut_at_every_byte() -> None:
    whole = HttpReply("hello").encode()
    for cut in range(len(whole) + 1):
        with HttpPeer(HttpReply("hello", cut=cut)) as peer:
            assert talk(peer, GET) == whole[:cut]


def test_raw_bytes_leave_as_they_are(peer: HttpPeer) -> None:
    peer.script(RawReply(b"nothing that is HTTP", then=Then.CLOSE))
    assert talk(peer, GET) == b"nothing that is HTTP"


def test_in_pieces(peer: HttpPeer) -> None:
    reply = HttpReply("hello", delay=0.01, piece=1, pause=0.001, then=Then.CLOSE)
    peer.script(reply)
    assert talk(peer, GET) == reply.encode()


def test_a_reset(peer: HttpPeer) -> None:
    peer.script(RawReply(b"", then=Then.RESET))
    with pytest.raises(ConnectionResetError):
        talk(peer, GET)


def test_a_stall(peer: HttpPeer) -> None:
    peer.script(RawReply(b"HTTP/1.1 200 OK\r\n", then=Then.STALL))
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(GET)
        assert connection.recv(100) == b"HTTP/1.1 200 OK\r\n"
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, b"Content-Length: 1\r\n\r\nx"),
        ({"content-length": "9"}, b"content-length: 9\r\n\r\nx"),
        ({"Content-Length": None}, b"200 OK\r\n\r\nx"),
        ({"Transfer-Encoding": "chunked"}, b"Transfer-Encoding: chunked\r\n\r\nx"),
    ],
)
def test_the_length_is_said_unless_told_otherwise(
    headers: dict[str, str | None], found: bytes
) -> None:
    assert HttpReply("x", headers=headers).encode().endswith(found)


def test_more_than_is_scripted() -> None:
    peer = HttpPeer("only one")
    with peer:
        assert ask(peer) == (200, b"only one")
        assert talk(peer, b"GET /more HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        with pytest.raises(Error) as caught:
            peer.check()
    url = f"{peer.url}/more"
    asked = HttpAsked("GET", url, (("Host", "x"),), b"", 1)
    assert str(caught.value) == (
        "the HTTP peer was asked more than its script answers\n"
        f"  expected at most 1 requests, found another one: {asked!r}\n"
        "  hint: script a reply more, or a function behind them that answers all others"
    )


def test_the_end_of_the_block_checks() -> None:
    def fail() -> None:
        with HttpPeer(lambda _: str(1 // 0)) as peer:
            assert talk(peer, GET) == b""
            assert talk(peer, GET) == b""

    with pytest.raises(ZeroDivisionError) as caught:
        fail()
    assert caught.value.__notes__ == ["then: ZeroDivisionError: integer division or modulo by zero"]


def test_a_function_that_answers_with_nonsense() -> None:
    peer = HttpPeer(lambda _: 7)  # type: ignore[arg-type, return-value]
    with pytest.raises(InputError) as caught, peer:
        talk(peer, GET)
    assert str(caught.value) == (
        "the HTTP peer cannot answer with 7\n"
        "  expected a Reply, str or bytes, or a function, got int\n"
        "  hint: such as HttpReply('hello')"
    )


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"hello\r\n\r\n", "the line b'hello'"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "the header b'no colon'"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "a Content-Length of 'x'"),
        (
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
            "the size of a chunk b'z\\r\\n'",
        ),
    ],
)
def test_what_is_no_request(sent: bytes, found: str) -> None:
    with pytest.raises(Error) as caught, HttpPeer("never") as peer:
        talk(peer, sent)
    assert str(caught.value) == (
        "the HTTP peer was sent what is no request, on connection 0\n"
        f"  expected HTTP, found {found}\n"
        "  hint: look what the module was told to connect to"
    )


def test_waiting_in_vain(peer: HttpPeer) -> None:
    with pytest.raises(Error) as caught:
        peer.wait_for(2, timeout=0.01)
    assert str(caught.value) == (
        "the HTTP peer waited in vain\n"
        "  expected 2 requests within 0.01 s, found 0\n"
        f"  hint: look whether the module was given its address, {peer.address}"
    )


def test_a_client_that_leaves_is_no_failure(peer: HttpPeer) -> None:
    peer.script("never read")
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
    assert ask(peer) == (200, b"never read")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"body": 1},
            "such a body\n  expected str or bytes, got int\n  hint: encode it: json.dumps(...)",
        ),
        (
            {"status": 99},
            "status=99\n  expected 100 to 999, got 99\n  hint: a RawReply has any bytes there are",
        ),
        (
            {"headers": {"X": "a\r\nY: b"}},
            "the header 'X'\n  expected text on one line, got 'a\\r\\nY: b'\n"
            "  hint: a RawReply has any bytes there are",
        ),
        (
            {"delay": -1},
            "delay=-1\n  expected a number of 0 or more, got -1\n"
            "  hint: a RawReply has any bytes there are",
        ),
    ],
)
def test_replies_that_cannot_be(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as caught:
        HttpReply(**options)  # type: ignore[arg-type]
    assert str(caught.value) == f"HttpReply cannot have {words}"


def test_a_cut_that_cuts_nothing(peer: HttpPeer) -> None:
    size = len(HttpReply("hello").encode())
    peer.script(HttpReply("hello", cut=size))
    with pytest.raises(InputError) as caught:
        peer.script(HttpReply("hello", cut=size + 1))
    assert str(caught.value) == (
        f"HttpReply cannot have cut={size + 1}\n"
        f"  expected at most {size}, as it has so many bytes, got {size + 1}\n"
        "  hint: count from its first byte; then=Then.CLOSE closes behind all of it"
    )


@needs("openssl")
def test_over_tls(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with HttpPeer("secret", tls=certificate) as peer:
        assert peer.url == f"https://localhost:{peer.port}"
        trust = ssl.create_default_context(cafile=certificate.file)
        connection = http.client.HTTPSConnection("localhost", peer.port, context=trust)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"secret"
        connection.close()


def test_a_certificate_without_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Error) as caught:
        self_signed(tmp_path)
    assert str(caught.value) == (
        f"no certificate can be made in {tmp_path}\n"
        "  expected openssl to make it, found: [Errno 2] No such file or directory: 'openssl'\n"
        "  hint: install it: apt-get install openssl, dnf install openssl, or the like"
    )


def test_closing_twice_and_with_clients_inside() -> None:
    peer = HttpPeer(RawReply(b"x", then=Then.STALL))
    peer.start()
    with socket.create_connection((peer.host, peer.port), timeout=SECONDS) as connection:
        connection.sendall(GET)
        assert connection.recv(1) == b"x"
        peer.close()
        peer.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((peer.host, peer.port), timeout=SECONDS)
