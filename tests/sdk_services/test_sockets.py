"""mesibo_util_socket_* of sdk2020, to servers on loopback."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mesibo_abi import Host, LoadedModule, Message
from tests.sdk_services.conftest import BuiltFor
from tests.services.recorder import raw_server, self_signed
from tests.services.socket_recorder import echo, reset, server, silent
from tests.tools import needs

pytestmark = pytest.mark.timeout(60)

VERIFY = 1


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
        assert line.endswith(" fd"), line
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
        deadline = time.monotonic() + 10
        while len(found := [line for line in self.look() if words in line]) < count:
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.005)
        return found[count - 1]

    def end(self) -> list[str]:
        """All lines, when no socket is open any more."""
        assert self.host.wait_idle(10)
        return self.look()


@pytest.fixture
def sockets(host: Host, built_for: BuiltFor) -> Sockets:
    return Sockets(host, built_for)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_a_conversation(sockets: Sockets) -> None:
    with server(echo) as port:
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

    with server(collect) as port:
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
    with server(deaf) as port:
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

    with server(bye) as port:
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
    with server(echo) as port:
        asock = sockets.open(f"sock://127.0.0.1:{port}")
        sockets.write(asock, "cancel")
        lines = sockets.end()
        assert sockets.write(asock, "late") == -1
        time.sleep(0.1)
        assert sockets.look() == lines
    assert lines[-2:] == ["0: data cancel", "0: close 0"]


def test_a_close_of_the_module(sockets: Sockets) -> None:
    with server(silent) as port:
        numbers = [sockets.open(f"sock://127.0.0.1:{port}", id=1)]
        sockets.begin(f"sock://127.0.0.1:{port}", id=2)
        sockets.module.close()
        lines = sockets.end()
    assert sorted(line for line in lines if "close" in line) == ["1: close -1", "2: close -1"]
    assert sockets.host.open_requests() == 0
    assert len(numbers) == 1


def test_numbers_are_not_used_again(sockets: Sockets) -> None:
    numbers = []
    with server(silent) as port:
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
    with server(silent) as port:
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


# ---- TLS -----------------------------------------------------------------------------------------


@needs("openssl")
def test_tls_that_is_not_verified(sockets: Sockets, tls: tuple[Path, ssl.SSLContext]) -> None:
    with server(echo, ssl=tls[1]) as port:
        asock = sockets.open(f"socks://127.0.0.1:{port}")
        assert sockets.write(asock, "hello") == 5
        sockets.wait("data hello")
        sockets.close(asock)
        assert sockets.end()[-1] == "0: close 0"


@needs("openssl")
def test_tls_of_a_certificate_that_nobody_vouches_for(
    sockets: Sockets, tls: tuple[Path, ssl.SSLContext]
) -> None:
    with server(echo, ssl=tls[1]) as port:
        sockets.begin(f"socks://localhost:{port}", flags=VERIFY)
        assert sockets.end()[-1] == "0: close -1"
        assert not [line for line in sockets.lines if "connect " in line and "fd" in line]


@needs("openssl")
@pytest.mark.parametrize(("name", "end"), [("localhost", 0), ("127.0.0.1", -1)])
def test_tls_that_is_verified(
    built_for: BuiltFor,
    tls: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    end: int,
) -> None:
    """The name counts, too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[0]))
    with server(echo, ssl=tls[1]) as port, Host() as host:
        sockets = Sockets(host, built_for)
        sockets.begin(f"socks://{name}:{port}", flags=VERIFY)
        if end == 0:
            sockets.close(int(sockets.wait("connect ").split()[2]))
        assert sockets.end()[-1] == f"0: close {end}"


# ---- WebSocket -----------------------------------------------------------------------------------


@pytest.fixture
def web_socket() -> Iterator[int]:
    """A WebSocket server that echoes messages, its protocol before them; its port."""

    async def answer(request: web.BaseRequest) -> web.WebSocketResponse:
        response = web.WebSocketResponse(protocols=("chat",))
        await response.prepare(request)
        await response.send_str(f"protocol {response.ws_protocol}")
        async for message in response:
            if message.data in ("bye", b"bye"):
                break
            data = message.data if isinstance(message.data, bytes) else message.data.encode()
            await response.send_bytes(data)
        await response.close()
        return response

    with _serving(answer) as port:
        yield port


class _serving:
    """An aiohttp server on a thread of its own."""

    def __init__(self, answer: Any) -> None:
        from mesibo_abi.services.thread import ServiceThread

        self._answer = answer
        self._thread = ServiceThread()

    def __enter__(self) -> int:
        import threading

        ready = threading.Event()
        ports: list[int] = []

        async def listen() -> None:
            runner = web.ServerRunner(web.Server(self._answer))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            ports.append(runner.addresses[0][1])
            self._thread.at_close(runner.cleanup)
            ready.set()

        self._thread.call(lambda: asyncio.get_running_loop().create_task(listen()))
        assert ready.wait(10)
        return ports[0]

    def __exit__(self, *_: object) -> None:
        assert self._thread.close()


@pytest.mark.parametrize(("asked", "got"), [(None, "None"), ("chat", "chat")])
def test_a_web_socket(sockets: Sockets, web_socket: int, asked: str | None, got: str) -> None:
    asock = sockets.open(f"ws://127.0.0.1:{web_socket}/path", from_=asked)
    sockets.wait(f"data protocol {got}")
    assert sockets.write(asock, "hello") == 5
    sockets.wait("data hello")
    sockets.close(asock)
    assert sockets.end()[-1] == "0: close 0"


def test_a_web_socket_closed_by_the_server(sockets: Sockets, web_socket: int) -> None:
    asock = sockets.open(f"ws://127.0.0.1:{web_socket}")
    sockets.write(asock, "bye")
    assert sockets.end()[-1] == "0: close 0"
    assert sockets.write(asock, "late") == -1


def test_a_server_that_knows_no_web_sockets(sockets: Sockets, server: str) -> None:
    sockets.begin(server.replace("http:", "ws:") + "/bytes/3")
    assert sockets.end()[-1] == "0: close -1"
