"""Sockets that do not come about: every reason, and its words."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mesibo_abi.peers import Certificate, self_signed
from mesibo_abi.peers.replies import reset
from mesibo_abi.services.socket_exchange import SocketTimeouts
from tests.services.recorder import raw_server
from tests.services.socket_recorder import Client, Socket, echo, silent
from tests.tools import needs


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


def failure(client: Client, url: str, caplog: pytest.LogCaptureFixture, **options: bool) -> str:
    """What is logged of a socket that is never connected."""
    exchange = client.begin(url, **options)
    assert client.end(exchange) == -1
    assert exchange.calls == ["closed"]
    words = caplog.records[-1].getMessage()
    assert words.startswith("socket 7, ")
    return words.removeprefix("socket 7, ")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sock://127.0.0.1:1", "cannot connect to 127.0.0.1:1: Connection refused"),
        ("socks://localhost:1", "cannot connect to localhost:1: Connection refused"),
        ("sock://127.0.0.1", "the URL has no port, which sock:// needs"),
        ("http://127.0.0.1", "the URL does not begin with sock://, socks://, ws:// or wss://"),
        ("sock://" + "a" * 70 + ":7", f"the host of {'a' * 70}:7 is not a valid name"),
    ],
)
def test_never_connected(
    client: Client, caplog: pytest.LogCaptureFixture, url: str, words: str
) -> None:
    assert failure(client, url, caplog) == f"{url}: {words}"


def test_a_url_that_is_not_to_be_shown(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    words = failure(client, "sock://user:secret@127.0.0.1:1/\n", caplog)
    assert words == "sock://127.0.0.1:1/\\n: the URL has a character that no URL has"


def test_unknown_host(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    words = failure(client, "sock://nowhere.invalid:7", caplog)
    what = "sock://nowhere.invalid:7: the host of nowhere.invalid:7 is not found: "
    assert words.startswith(what)


@pytest.mark.parametrize("scheme", ["sock", "socks"])
def test_not_connected_in_time(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(timeouts=SocketTimeouts(connect=0.3))
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        url = f"{scheme}://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port)):  # the one that fits in the queue
            words = failure(client, url, caplog)
    assert words == f"{url}: not connected to 127.0.0.1:{port} within 0.3 s"
    assert client.thread.close()


def test_tls_in_time(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(timeouts=SocketTimeouts(connect=0.3))
    with raw_server(silent) as port:
        url = f"socks://127.0.0.1:{port}"
        assert failure(client, url, caplog) == (
            f"{url}: not connected to 127.0.0.1:{port} within 0.3 s"
        )
    assert client.thread.close()


def test_closed_while_it_connects(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with raw_server(silent) as port:
        exchange = client.begin(f"socks://127.0.0.1:{port}")
        time.sleep(0.1)
        client.close(exchange)
        assert client.end(exchange) == -1
    assert caplog.records == []


def test_begun_on_a_closed_host(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    over = threading.Event()
    exchange = Socket("sock://127.0.0.1:1")

    async def start_late() -> None:
        client.service.start(exchange)
        over.set()

    client.thread._closers.insert(0, start_late)  # the last one given comes first
    client.begin("sock://127.0.0.1:1")
    assert client.thread.close()
    assert over.is_set()
    assert exchange.calls == ["closed"]
    assert caplog.records[-1].getMessage() == "socket 7, sock://127.0.0.1:1: the host is closed"


# ---- Certificates --------------------------------------------------------------------------------


@needs("openssl")
def test_a_certificate_that_nobody_vouches_for(
    client: Client, tls: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with raw_server(echo, ssl=tls.context) as port:
        url = f"socks://localhost:{port}"
        words = failure(client, url, caplog).replace("self signed", "self-signed")
    assert words == f"{url}: TLS with localhost:{port} failed: self-signed certificate"


@needs("openssl")
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_certificate_of_the_right_name(
    client: Client,
    tls: Certificate,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.file))
    with raw_server(echo, ssl=tls.context) as port:
        url = f"socks://{name}:{port}"
        if name == "localhost":
            exchange = client.open(url)
            client.close(exchange)
            assert client.end(exchange) == 0
        else:
            words = failure(client, url, caplog)
            assert words.startswith(f"{url}: TLS with 127.0.0.1:{port} failed: IP address mismatch")


def test_no_tls_at_the_other_end(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        await reader.read(1)

    with raw_server(plain) as port:
        url = f"socks://127.0.0.1:{port}"
        words = failure(client, url, caplog, verify_host=False)
    assert words == f"{url}: TLS with 127.0.0.1:{port} failed: wrong version number"


def test_hung_up_in_the_handshake(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reset(writer)

    with raw_server(hang_up) as port:
        url = f"socks://127.0.0.1:{port}"
        words = failure(client, url, caplog, verify_host=False)
    assert words == f"{url}: cannot connect to 127.0.0.1:{port}: Connection reset by peer"
