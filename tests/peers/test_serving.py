"""The server below the peers: what becomes of a connection that comes while it closes."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
from pathlib import Path

from mesibo_abi.peers import self_signed
from mesibo_abi.peers.serving import ADDRESS, LoopbackServer
from tests.tools import needs


def has_ended(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def connect(server: LoopbackServer, path: Path | None) -> socket.socket:
    if path is None:
        return socket.create_connection((ADDRESS, server.port), timeout=60)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(str(path))
    return client


def accepted_while_closing(
    folder: Path, path: Path | None = None, tls: ssl.SSLContext | None = None
) -> None:
    """Its socket is closed like the others. Where it was not, a ResourceWarning says so, which is
    an error here."""
    begun, go = threading.Event(), threading.Event()

    async def hold(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        begun.set()
        go.wait(60)  # and so does the loop

    with LoopbackServer(hold, path=path, tls=tls) as server:
        first = connect(server, path)
        if tls is not None:
            client = ssl.create_default_context(cafile=folder / "cert.pem")
            first = client.wrap_socket(first, server_hostname="localhost")
        assert begun.wait(60)
        second = connect(server, path)
        threading.Timer(0.2, go.set).start()  # behind the close, which waits
    gc.collect()
    with first, second:
        assert has_ended(first)
        assert has_ended(second)


def test_tcp(tmp_path: Path) -> None:
    accepted_while_closing(tmp_path)


def test_a_path(tmp_path: Path) -> None:
    accepted_while_closing(tmp_path, path=tmp_path / "socket")


@needs("openssl")
def test_tls(tmp_path: Path) -> None:
    accepted_while_closing(tmp_path, tls=self_signed(tmp_path).context)
