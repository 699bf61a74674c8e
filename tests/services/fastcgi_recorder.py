"""A FastCGI request that keeps what it is told, a service on its thread, and its servers."""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mesibo_abi.services.fastcgi import FcgiService
from mesibo_abi.services.fastcgi_records import Records
from mesibo_abi.services.thread import ServiceThread
from tests.services.recorder import Answer
from tests.services.socket_recorder import server


@dataclass(eq=False)
class Recorder:
    """What the bridge gives to the service, with a memory."""

    host: str
    port: int = 0
    params: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    keepalive: bool = False
    cancelled: bool = False
    calls: list[tuple[str, Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def done(self, body: bytes) -> None:
        self._called("done", body)

    def fail(self, reason: str) -> None:
        self._called("fail", reason)

    def _called(self, name: str, value: object) -> None:
        self.calls.append((name, value))
        self.over.set()

    @property
    def reason(self) -> str:
        ((name, reason),) = self.calls
        assert name == "fail", self.calls
        return str(reason)

    @property
    def answer(self) -> bytes:
        ((name, body),) = self.calls
        assert name == "done", self.calls
        return bytes(body)

    @property
    def seen(self) -> dict[str, Any]:
        """The request as the script saw it."""
        seen: dict[str, Any] = json.loads(self.answer)
        return seen


class Client:
    """A service on its thread, as the host has it."""

    def __init__(self, **options: Any) -> None:
        self.thread = ServiceThread()
        self.service = FcgiService(self.thread, **options)

    def begin(self, host: str, port: int = 0, **options: Any) -> Recorder:
        exchange = Recorder(host, port, **options)
        self.thread.call(self.service.start, exchange)
        return exchange

    def ask(self, host: str, port: int = 0, **options: Any) -> Recorder:
        exchange = self.begin(host, port, **options)
        assert exchange.over.wait(20), "no end"
        return exchange


def decoded_params(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name-value pairs, read as the specification says."""
    pairs, at = [], 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            width = 4 if data[at] & 0x80 else 1
            sizes.append(int.from_bytes(data[at : at + width], "big") & 0x7FFFFFFF)
            at += width
        name, value = data[at : at + sizes[0]], data[at + sizes[0] : at + sum(sizes)]
        pairs.append((name, value))
        at += sum(sizes)
    return pairs


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a server reads it, and the number of the connection that it came on."""

    connection: int
    keep: bool
    params: dict[str, str]
    body: bytes


async def asked_on(reader: asyncio.StreamReader, connection: int) -> Asked | None:
    """Reads one request; None where the client went away."""
    records = Records()
    streams = {1: b"", 4: b"", 5: b""}
    while data := await reader.read(65536):
        for record in records.feed(data):
            streams[record.type] += record.content
            if record.type == 5 and not record.content:
                pairs = {
                    name.decode(): value.decode() for name, value in decoded_params(streams[4])
                }
                return Asked(connection, bool(streams[1][2] & 1), pairs, streams[5])
    return None


@contextmanager
def application() -> Iterator[tuple[int, list[Asked]]]:
    """A server that answers "hello" to every request and leaves every connection open. Gives its
    port, and the requests as they come."""
    seen: list[Asked] = []
    connections = itertools.count()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(connections)
        while (asked := await asked_on(reader, connection)) is not None:
            seen.append(asked)
            writer.write(HELLO)

    with server(answer) as port:
        yield port, seen


async def request_of(reader: asyncio.StreamReader) -> bool:
    """Reads one request; False where the client went away."""
    records = Records()
    while data := await reader.read(65536):
        for record in records.feed(data):
            if record.type == 5 and not record.content:
                return True
    return False


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


END = record(3, bytes(8))
HELLO = record(6, b"A: b\r\n\r\nhello") + record(6) + END


def says(*parts: bytes, pause: float = 0, stay: bool = False) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if stay:
            await asyncio.Event().wait()

    return answer
