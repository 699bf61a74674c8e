"""An exchange that keeps what it is answered, and the raw servers that answer badly."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mesibo_abi.peers.serving import LoopbackServer, Serve
from mesibo_abi.services.http import HttpService
from mesibo_abi.services.thread import ServiceThread


@dataclass(eq=False)
class Recorder:
    """What the bridge gives to the service, with a memory. `taken` False lets the bytes given to
    `body` pile up as a backlog; `stop_at` is the call from which on nobody wants more."""

    url: str
    post: bytes | None = None
    proxy: str | None = None
    content_type: str | None = None
    extra_header: str | None = None
    user_agent: str | None = None
    referrer: str | None = None
    origin: str | None = None
    cookie: str | None = None
    encoding: str | None = None
    cache_control: str | None = None
    accept: str | None = None
    etag: str | None = None
    ims: int = 0
    maxredirects: int = 0
    conn_timeout: int = 0
    header_timeout: int = 0
    body_timeout: int = 0
    total_timeout: int = 0
    retries: int = 0

    taken: bool = True
    stop_at: str = ""
    cancelled: bool = False
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    waiting: int = 0
    paused: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def sent(self, body: bool) -> bool:
        return self._called("sent", body)

    def headers(self, status: int, content_type: str, raw: bytes) -> bool:
        return self._called("headers", status, content_type, raw)

    def body(self, data: bytes, progress: int) -> bool:
        if not self.taken:
            self.waiting += len(data)
        return self._called("body", data, progress)

    def fail(self, reason: str) -> bool:
        return self._called("fail", reason)

    def backlog(self) -> int:
        return self.waiting

    def pause(self, size: int) -> bool:
        self.paused = self.waiting > size
        return self.paused

    def _called(self, name: str, *values: object) -> bool:
        self.times.append(time.monotonic())
        self.calls.append((name, *values))
        if name == "fail" or (name == "body" and values[1] == 100):
            self.over.set()
        if name == self.stop_at:
            self.cancelled = True
            self.over.set()
        return not self.cancelled

    @property
    def names(self) -> list[str]:
        return [call[0] for call in self.calls]

    @property
    def status(self) -> int:
        return next(int(call[1]) for call in self.calls if call[0] == "headers")

    @property
    def raw(self) -> bytes:
        return next(bytes(call[3]) for call in self.calls if call[0] == "headers")

    @property
    def chunks(self) -> list[tuple[bytes, int]]:
        return [(call[1], call[2]) for call in self.calls if call[0] == "body"]

    @property
    def content(self) -> bytes:
        return b"".join(data for data, _ in self.chunks)

    @property
    def reason(self) -> str:
        """The words of the one failure, which is the end."""
        assert self.calls, "nothing was called"
        assert self.calls[-1][0] == "fail", self.calls
        return str(self.calls[-1][1])

    @property
    def echoed(self) -> dict[str, Any]:
        """The request as /echo saw it."""
        assert "fail" not in self.names, self.reason
        seen: dict[str, Any] = json.loads(self.content)
        return seen

    def sent_header(self, name: str) -> str | None:
        """A header that /echo saw; several lines of it joined by a bar."""
        values = [value for key, value in self.echoed["headers"] if key.lower() == name.lower()]
        return "|".join(values) if values else None


class Client:
    """A service on its thread, as the host has it."""

    def __init__(self, **options: Any) -> None:
        self.thread = ServiceThread()
        self.service = HttpService(self.thread, **options)

    def begin(self, url: str, **options: Any) -> Recorder:
        exchange = Recorder(url, **options)
        self.start(exchange)
        return exchange

    def fetch(self, url: str, **options: Any) -> Recorder:
        exchange = self.begin(url, **options)
        assert exchange.over.wait(60), f"no end: {exchange.calls}"
        return exchange

    def start(self, exchange: Recorder) -> None:
        self.thread.call(self.service.start, exchange)

    def cancel(self, exchange: Recorder) -> None:
        exchange.cancelled = True
        self.thread.call(self.service.cancel, exchange)

    def settle(self) -> None:
        """Returns when what was handed to the thread has been done, and a little more."""
        for _ in range(3):
            done = threading.Event()
            self.thread.call(done.set)
            assert done.wait(60)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@contextmanager
def raw_server(answer: Serve, ssl: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on loopback that does with each connection what `answer` says; gives its port."""
    with LoopbackServer(answer, tls=ssl) as server:
        yield server.port


def says(*parts: bytes, pause: float = 0, stay: bool = False) -> Serve:
    """Reads one request's headers, sends the parts, and closes the connection, or stays silent."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if stay:
            await asyncio.Event().wait()

    return answer
