"""mesibo_util_socket_* of sdk2020, to servers on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from mesibo_abi import Host, LoadedModule, Message, Revision
from mesibo_abi.peers import Certificate, self_signed
from mesibo_abi.peers.replies import reset
from mesibo_abi.services import websocket
from tests.sdk_services.conftest import BuiltFor, fields_of
from tests.services.recorder import raw_server, wait_until
from tests.services.socket_recorder import echo, silent
from tests.services.test_websocket import talking
from tests.tools import needs

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]

VERIFY, KEEPALIVE, SSL_CTX = 1, 2, 4


class Sockets:
    """Loads socket_calls.c; `lines` is what its callbacks logged so far."""

    def __init__(self, host: Host, built_for: BuiltFor) -> None:
        self.host = host
        self.module: LoadedModule = host.load("sockets", built_for("sdk2020", "socket_calls"))
        self.lines: list[str] = []

    def begin(self, url: str, **fields: Any) -> list[str]:
        message = Message(url, **{"from_": None, **fields})
        return [record.text for record in self.host.process(message).logs]

    def open(self, url: str, **fields: Any) -> int:
        """Connects, and returns the socket's number."""
        assert self.begin(url, **fields) == ["begun 0"]
        line = self.wait("connect")
        assert not line.endswith("no fd"), line
        return int(line.split()[2])

    def write(self, asock: int, data: str) -> int:
        verdict = self.host.process(Message(data, type=1, refid=asock))
        (record,) = verdict.logs
        return int(record.text.removeprefix("wrote "))

    def close(self, asock: int) -> None:
        self.host.process(Message(b"", type=2, refid=asock))

    def look(self) -> list[str]:
        self.lines += [record.text for record in self.host.logs]
        return self.lines

    def wait(self, words: str, count: int = 1) -> str:
        """The nth line with these words."""
        deadline = time.monotonic() + 60
        while len(found := [line for line in self.look() if words in line]) < count:
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.005)
        return found[count - 1]

    def end(self) -> list[str]:
        """All lines, when no socket is open any more."""
        assert self.host.wait_idle(60)
        return self.look()


@pytest.fixture
def sockets(host: Host, built_for: BuiltFor) -> Sockets:
    return Sockets(host, built_for)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_a_conversation(sockets: Sockets) -> None:
    with raw_server(echo) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        assert sockets.write(asock, "hello") == 5
        sockets.wait("data hello")
        sockets.wait("write")
        sockets.close(asock)
        lines = sockets.end()
    assert lines[0] == f"0: connect {asock} fd"
    assert sorted(lines[1:3]) == ["0: data hello", "0: write"]
    assert lines[3:] == ["0: close 0"]


def test_what_was_written_before_a_close_goes_out(sockets: Sockets) -> None:
    got = bytearray()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.read())

    with raw_server(collect) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        for number in range(100):
            assert sockets.write(asock, f"{number},") == len(f"{number},")
        sockets.close(asock)
        assert sockets.write(asock, "late") == -1
        assert sockets.end()[-1] == "0: close 0"
    assert got.decode() == "".join(f"{number}," for number in range(100))


def test_a_peer_that_does_not_read(sockets: Sockets) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    piece = "x" * (4 << 20)
    with raw_server(deaf) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        accepted, said = 0, [f"wrote {len(piece)}"]
        while said == [f"wrote {len(piece)}"] and accepted < 32:
            verdict = sockets.host.process(Message(piece, type=1, refid=asock))
            said = [record.text for record in verdict.logs]
            accepted += said == [f"wrote {len(piece)}"]
        # What fits the buffers of the system has gone out, and does not count.
        assert 16 <= accepted < 32
        assert said == [
            "socket write refused: 67108864 bytes wait already; write on in on_write",
            "wrote -1",
        ]
        sockets.module.close()


def test_a_close_by_the_server(sockets: Sockets) -> None:
    async def bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    with raw_server(bye) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        assert sockets.end() == [f"0: connect {asock} fd", "0: data bye", "0: close 0"]
    assert sockets.write(asock, "late") == -1


def test_a_connection_that_breaks(sockets: Sockets) -> None:
    async def abort(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reset(writer)

    with raw_server(abort) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        sockets.write(asock, "x")
        lines = sockets.end()
    assert lines[-1] == "0: close -1"
    assert sum("close" in line for line in lines) == 1


def test_nobody_there(sockets: Sockets, dead_port: int) -> None:
    assert sockets.begin(f"sock://127.0.0.1:{dead_port}") == ["begun 0"]
    assert sockets.end()[-1:] == ["0: close -1"]
    assert not [line for line in sockets.lines if "connect " in line and "fd" in line]


def test_data_that_the_module_refuses(sockets: Sockets) -> None:
    """One close, and nothing behind it."""
    with raw_server(echo) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        sockets.write(asock, "cancel")
        lines = sockets.end()
        assert sockets.write(asock, "late") == -1
        time.sleep(0.1)
        assert sockets.look() == lines
    assert lines[-2:] == ["0: data cancel", "0: close 0"]


def test_a_close_of_the_module(sockets: Sockets) -> None:
    with raw_server(silent) as port:
        numbers = [sockets.open(f"sock://127.0.0.1:{port}", id=1)]
        sockets.begin(f"sock://127.0.0.1:{port}", id=2)
        sockets.module.close()
        lines = sockets.end()
    assert sorted(line for line in lines if "close" in line) == ["1: close -1", "2: close -1"]
    assert sockets.host.open_requests() == 0
    assert len(numbers) == 1


def test_numbers_are_not_used_again(sockets: Sockets) -> None:
    numbers = []
    with raw_server(silent) as port:
        for count in range(1, 21):
            sockets.begin(f"sock://127.0.0.1:{port}", id=count)
            numbers.append(int(sockets.wait(f"{count}: connect").split()[2]))
            sockets.close(numbers[-1])
            sockets.wait("close 0", count)
    assert numbers == sorted(set(numbers))
    assert all(0 < number < 1 << 31 for number in numbers)
    assert [sockets.write(number, "x") for number in numbers] == [-1] * 20


@pytest.mark.parametrize("asock", [0, 1 << 40, 2**64 - 1])
def test_a_number_that_is_none(sockets: Sockets, asock: int) -> None:
    assert sockets.write(asock, "x") == -1
    sockets.close(asock)
    assert sockets.look() == []


def test_nothing_written_is_nothing(sockets: Sockets) -> None:
    with raw_server(silent) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        assert sockets.write(asock, "") == 0
        sockets.close(asock)
        sockets.end()


def test_what_is_refused(sockets: Sockets) -> None:
    assert sockets.begin("") == [
        "socket refused: the url is empty; pass ws://, wss://, sock:// or socks://",
        "begun -1",
    ]
    assert sockets.end() == []


@pytest.mark.here  # the descriptor is none of the worker's
@pytest.mark.parametrize(("flags", "shown"), [(0, "fd"), (KEEPALIVE, "keepalive fd")])
def test_a_connection_that_is_kept_alive(sockets: Sockets, flags: int, shown: str) -> None:
    with raw_server(silent) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}", flags=flags)
        sockets.close(asock)
        assert sockets.end() == [f"0: connect {asock} {shown}", "0: close 0"]


# ---- TLS -----------------------------------------------------------------------------------------


@needs("openssl")
def test_tls_that_is_not_verified(sockets: Sockets, tls: Certificate) -> None:
    with raw_server(echo, ssl=tls.context) as port:
        asock = sockets.open(f"socks://127.0.0.1:{port}")
        assert sockets.write(asock, "hello") == 5
        sockets.wait("data hello")
        sockets.close(asock)
        assert sockets.end()[-1] == "0: close 0"


@needs("openssl")
def test_tls_is_the_hosts_affair(sockets: Sockets, tls: Certificate) -> None:
    """A module's `ssl_ctx` is left alone: this one is no context at all."""
    with raw_server(echo, ssl=tls.context) as port:
        asock = sockets.open(f"socks://127.0.0.1:{port}", flags=SSL_CTX)
        sockets.write(asock, "hello")
        sockets.wait("data hello")
        sockets.close(asock)
        assert sockets.end()[-1] == "0: close 0"


@needs("openssl")
def test_tls_of_a_certificate_that_nobody_vouches_for(sockets: Sockets, tls: Certificate) -> None:
    with raw_server(echo, ssl=tls.context) as port:
        sockets.begin(f"socks://localhost:{port}", flags=VERIFY)
        assert sockets.end()[-1] == "0: close -1"
        assert not [line for line in sockets.lines if "connect " in line and "fd" in line]


@needs("openssl")
@pytest.mark.parametrize(("name", "end"), [("localhost", 0), ("127.0.0.1", -1)])
def test_tls_that_is_verified(
    built_for: BuiltFor,
    tls: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    end: int,
) -> None:
    """The name counts, too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.file))
    with raw_server(echo, ssl=tls.context) as port, Host() as host:
        sockets = Sockets(host, built_for)
        sockets.begin(f"socks://{name}:{port}", flags=VERIFY)
        if end == 0:
            sockets.close(int(sockets.wait("connect ").split()[2]))
        assert sockets.end()[-1] == f"0: close {end}"


# ---- WebSocket -----------------------------------------------------------------------------------


async def chat(end: web.WebSocketResponse, _: web.Request) -> None:
    """Says which protocol it speaks, then what it is told, up to a "bye"."""
    await end.send_str(f"protocol {end.ws_protocol}")
    async for message in end:
        if message.data == "bye":
            return
        await end.send_bytes(message.data.encode())


@pytest.fixture
def web_socket() -> Iterator[str]:
    with talking(chat, protocols=("chat",)) as url:
        yield url


@pytest.mark.parametrize(("asked", "got"), [(None, "None"), ("chat", "chat")])
def test_a_web_socket(sockets: Sockets, web_socket: str, asked: str | None, got: str) -> None:
    asock = sockets.open(web_socket, from_=asked)
    sockets.wait(f"data protocol {got}")
    assert sockets.write(asock, "hello") == 5
    sockets.wait("data hello")
    sockets.close(asock)
    assert sockets.end()[-1] == "0: close 0"


def test_a_web_socket_closed_by_the_server(sockets: Sockets, web_socket: str) -> None:
    asock = sockets.open(web_socket)
    sockets.write(asock, "bye")
    assert sockets.end()[-1] == "0: close 0"
    assert sockets.write(asock, "late") == -1


def test_a_server_that_knows_no_web_sockets(sockets: Sockets, server: str) -> None:
    sockets.begin(server.replace("http:", "ws:") + "/bytes/3")
    assert sockets.end()[-1] == "0: close -1"


def test_a_web_socket_that_is_kept_alive(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    """By pings, and only where that was asked for."""
    monkeypatch.setattr(websocket, "PING_SECONDS", 1.0)
    pings: list[str] = []

    async def count(end: web.WebSocketResponse, request: web.Request) -> None:
        end._autoping = False
        async for message in end:
            pings.append(request.query_string)
            await end.pong(message.data)

    with talking(count) as url:
        sockets.open(f"{url}?quiet", id=1)
        sockets.begin(f"{url}?kept", id=2, flags=KEEPALIVE)
        wait_until(lambda: len(pings) > 0)
        sockets.module.close()
    assert set(pings) == {"kept"}


# ---- WebSocket over TLS --------------------------------------------------------------------------


@needs("openssl")
@pytest.mark.parametrize("host_name", ["localhost", "127.0.0.1"])
def test_a_web_socket_over_tls_that_is_not_verified(
    sockets: Sockets, tls: Certificate, host_name: str
) -> None:
    """Nobody vouches for the certificate, and its name may be another."""
    with talking(chat, ("chat",), tls.context) as url:
        asock = sockets.open(url.replace("localhost", host_name), from_="chat")
        sockets.wait("data protocol chat")
        assert sockets.write(asock, "hello") == 5
        sockets.wait("data hello")
        sockets.write(asock, "bye")
        lines = sockets.end()
    assert lines[0] == f"0: connect {asock} fd"
    assert lines[-1] == "0: close 0"
    assert [line for line in lines if "data" in line] == ["0: data protocol chat", "0: data hello"]


@needs("openssl")
def test_a_web_socket_over_tls_of_a_certificate_that_nobody_vouches_for(
    sockets: Sockets, tls: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with talking(chat, context=tls.context) as url:
        assert sockets.begin(url, flags=VERIFY) == ["begun 0"]
        assert sockets.end() == ["0: close -1"]
    peer = url.removeprefix("wss://").removesuffix("/chat")
    (record,) = caplog.records
    assert record.getMessage().endswith(f", {url}: TLS with {peer} failed: self-signed certificate")


@needs("openssl")
@pytest.mark.parametrize(("host_name", "ends"), [("localhost", 0), ("127.0.0.1", -1)])
def test_a_web_socket_over_tls_that_is_verified(
    built_for: BuiltFor,
    tls: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    host_name: str,
    ends: int,
) -> None:
    """The certificate is one of those that the system trusts; the name counts, too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.file))
    with talking(chat, context=tls.context) as url, Host() as host:
        sockets = Sockets(host, built_for)
        sockets.begin(url.replace("localhost", host_name), flags=VERIFY)
        if ends == 0:
            sockets.wait("data protocol None")
            sockets.close(int(sockets.lines[0].split()[2]))
        lines = sockets.end()
    assert lines[-1] == f"0: close {ends}"
    assert len([line for line in lines if "connect " in line]) == 1 + ends


# ---- The struct ----------------------------------------------------------------------------------

SHOWN_BY = {
    "url": test_a_conversation,
    "ws_protocol": test_a_web_socket,
    "keepalive": test_a_connection_that_is_kept_alive,
    "verify_host": test_tls_of_a_certificate_that_nobody_vouches_for,
    "ssl_ctx": test_tls_is_the_hosts_affair,
    "on_connect": test_a_conversation,
    "on_write": test_a_conversation,
    "on_data": test_data_that_the_module_refuses,
    "on_close": test_a_close_by_the_server,
}


def test_no_field_is_forgotten() -> None:
    """Each that is published has its test."""
    assert list(SHOWN_BY) == fields_of(Revision.SDK2020, "mesibo_socket_s")
