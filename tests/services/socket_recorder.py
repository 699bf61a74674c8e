"""A socket of a module that keeps what it is told, a service on its thread, and its servers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from mesibo_abi.services.sockets import SocketService
from mesibo_abi.services.thread import ServiceThread


@dataclass(eq=False)
class Socket:
    """What the bridge gives to the service, with a memory. `taken` False lets what comes in pile
    up; `stop_at` is the call that returns False."""

    url: str
    ws_protocol: str | None = None
    keepalive: bool = False
    verify_host: bool = True
    number: int = 7

    taken: bool = True
    stop_at: str = ""
    on_data: Callable[[bytes], object] = lambda _: None
    calls: list[str] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    fd: int = -1
    kind: int | None = None
    size: int = 0
    waiting: int = 0
    paused: bool = False
    is_open: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def connected(self, fd: int) -> bool:
        self.fd = fd
        self.is_open.set()
        return self._called("connected")

    def written(self) -> bool:
        return self._called("written")

    def data(self, chunk: bytes) -> bool:
        assert isinstance(chunk, bytes)
        self.chunks.append(chunk)
        self.size += len(chunk)
        if not self.taken:
            self.waiting += len(chunk)
        self.on_data(chunk)
        return self._called("data")

    def closed(self, kind: int) -> None:
        self.kind = kind
        self._called("closed")
        self.over.set()

    def pause(self, size: int) -> bool:
        self.paused = self.waiting > size
        return self.paused

    def _called(self, name: str) -> bool:
        assert "closed" not in self.calls, f"{name} behind closed"
        assert (name == "connected") == (not self.calls) or name == "closed", self.calls
        self.calls.append(name)
        return name != self.stop_at

    @property
    def content(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def ends(self) -> list[str]:
        """The calls, several in a row of one kind as one."""
        return [name for n, name in enumerate(self.calls) if n == 0 or self.calls[n - 1] != name]


class Client:
    """A service on its thread, as the host has it."""

    def __init__(self, **options: Any) -> None:
        self.thread = ServiceThread()
        self.service = SocketService(self.thread, **options)

    def begin(self, url: str, **options: Any) -> Socket:
        exchange = Socket(url, **options)
        self.thread.call(self.service.start, exchange)
        return exchange

    def open(self, url: str, **options: Any) -> Socket:
        """A socket that is connected."""
        exchange = self.begin(url, **options)
        assert exchange.is_open.wait(60), f"not connected: {exchange.calls}"
        return exchange

    def write(self, exchange: Socket, data: bytes) -> None:
        self.thread.call(self.service.write, exchange, data)

    def close(self, exchange: Socket) -> None:
        self.thread.call(self.service.close, exchange)

    def resume(self, exchange: Socket) -> None:
        exchange.taken = True
        exchange.waiting = 0
        self.thread.call(self.service.resume, exchange)

    def end(self, exchange: Socket) -> int:
        """Waits for the end, and gives its kind."""
        assert exchange.over.wait(60), f"not closed: {exchange.ends}"
        assert exchange.calls.count("closed") == 1
        assert exchange.kind is not None
        return exchange.kind


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
    writer.write(
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % base64.b64encode(accept)
    )


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await upgrade(reader, writer)
    await asyncio.sleep(30)


def failure_of(client: Client, url: str, caplog: pytest.LogCaptureFixture, **options: Any) -> str:
    """What is logged of a socket that fails."""
    exchange = client.begin(url, **options)
    assert client.end(exchange) == -1
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    start = f"socket 7, {url}: "
    assert record.getMessage().startswith(start)
    return record.getMessage().removeprefix(start)
