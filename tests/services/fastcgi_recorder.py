"""A FastCGI request that keeps what it is told, a service on its thread, and its servers."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mesibo_abi.peers import FastcgiReply
from mesibo_abi.peers.fastcgi import read_request
from mesibo_abi.peers.serving import Serve
from mesibo_abi.services.fastcgi import FcgiService
from mesibo_abi.services.thread import ServiceThread


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
        assert exchange.over.wait(60), "no end"
        return exchange


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


HELLO = FastcgiReply("hello", headers={"A": "b"}).encode()


def says(*parts: bytes, pause: float = 0, stay: bool = False) -> Serve:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, 0)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if stay:
            await asyncio.Event().wait()

    return answer
