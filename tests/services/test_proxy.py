"""Requests through a real HTTP proxy: written out here, it forwards and it tunnels."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from mesibo_abi.peers import self_signed
from tests.services.recorder import Client, raw_server, says
from tests.tools import needs

SCRIPT = """
import sys
from tests.services.recorder import Client

client = Client()
exchange = client.fetch(sys.argv[1], proxy=sys.argv[2])
print(exchange.names, exchange.content)
assert client.thread.close()
"""


class Proxy:
    """Forwards plain requests as they are, and makes a tunnel for CONNECT."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.seen.append(head)
        method, target, _ = head.split(b" ", 2)
        tunnel = method == b"CONNECT"
        address = target if tunnel else target.split(b"/")[2]
        host, _, port = address.decode().rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        with contextlib.closing(far_writer):
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far_writer.write(head)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def test_through_a_proxy(client: Client, server: str) -> None:
    proxy = Proxy()
    with raw_server(proxy.answer) as port:
        for address in (f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"):
            url = f"{server}/echo?through=proxy"
            exchange = client.fetch(url, proxy=address, extra_header="Connection: close")
            assert exchange.echoed["path"].endswith("/echo?through=proxy")
            assert proxy.seen.pop().startswith(f"GET {url} HTTP/1.1\r\n".encode())


def test_credentials_for_the_proxy(client: Client, server: str) -> None:
    proxy = Proxy()
    with raw_server(proxy.answer) as port:
        exchange = client.fetch(f"{server}/echo", proxy=f"http://alice:secret@127.0.0.1:{port}")
    assert exchange.status == 200
    assert b"\r\nProxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n" in proxy.seen[0]


def test_dead_proxy(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/echo", proxy="127.0.0.1:1")
    what = "cannot connect to the proxy 127.0.0.1:1: Connection refused"
    assert exchange.reason == f"{server}/echo: {what}"


def test_proxy_that_refuses_a_tunnel(client: Client) -> None:
    with raw_server(says(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) as port:
        exchange = client.fetch("https://example.test/", proxy=f"127.0.0.1:{port}")
    assert exchange.reason == "https://example.test/: the proxy refused to connect: 403 Forbidden"


@needs("openssl")
def test_tls_through_a_tunnel(tmp_path: Path) -> None:
    """In a process of its own: which authorities are trusted is read once."""
    certificate = self_signed(tmp_path)
    proxy = Proxy()
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
    tls = certificate.context
    trust = {"SSL_CERT_FILE": str(certificate.file)}
    with raw_server(proxy.answer) as proxy_port, raw_server(says(ok), ssl=tls) as port:
        url = f"https://localhost:{port}/"
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, url, f"127.0.0.1:{proxy_port}"],
            env={
                **os.environ,
                **trust,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr == ""
    assert done.stdout == "['sent', 'headers', 'body'] b'secret'\n"
    assert proxy.seen[0].startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % port)
