"""The FastCGI service of a host: takes requests from the core and sees each to its end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from .connecting import connected, printable, system_words
from .fastcgi_pool import Connection, Peer, Pool
from .fastcgi_records import Answer, Records, encode_params, encode_request
from .thread import ServiceThread
from .transfer import Failure

MOST_AT_ONCE = 256
LARGEST_ANSWER = 256 << 20
"""Bytes of output, headers included."""

_PIECE = 64 << 10
_SHOWN_ERRORS = 64 << 10

_log = logging.getLogger("mesibo_abi")


class FcgiExchange(Protocol):
    """One FastCGI request of a module, from the moment the host accepted it until its answer.

    The bridge makes it; text is decoded as UTF-8 with surrogateescape. The object is compared and
    hashed by identity. Everything may be called from any thread. Exactly one `done` or `fail` ends
    an exchange that was not cancelled; what they return is of no interest.
    """

    @property
    def host(self) -> str:
        """A name or an address; or the path of a Unix socket, which starts with a slash."""

    @property
    def port(self) -> int:
        """The port, unless `host` is a path."""

    @property
    def keepalive(self) -> bool:
        """Whether the connection may be used again."""

    @property
    def params(self) -> Mapping[str, str]:
        """The fields the module set, by their FastCGI name."""

    @property
    def stdin(self) -> bytes:
        """What the application reads."""

    @property
    def cancelled(self) -> bool:
        """True once nobody wants an answer any more."""

    def done(self, body: bytes) -> object:
        """The whole answer, its CGI headers taken off."""

    def fail(self, reason: str) -> object:
        """The end without an answer; `reason` is a sentence for people."""


@dataclass(frozen=True, slots=True)
class FcgiTimeouts:
    """Bounds of one request, in seconds."""

    connect: float = 10.0
    total: float = 60.0
    """Connecting and the answer; not the wait for a turn where too many are open."""


class FcgiService:
    """Serves exchanges, at most MOST_AT_ONCE of them at a time; the others wait their turn.

    Everything is called on the service thread, always with the same object for an exchange. The
    service closes with its thread.
    """

    def __init__(self, thread: ServiceThread, *, timeouts: FcgiTimeouts | None = None) -> None:
        self._timeouts = timeouts or FcgiTimeouts()
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)
        self._served: dict[FcgiExchange, asyncio.Task[bytes]] = {}
        self._pool = Pool()
        self._asking: Counter[Peer] = Counter()
        self._closed = False
        thread.at_close(self._shut)

    def start(self, exchange: FcgiExchange) -> None:
        """Takes an exchange. It will be ended, unless it is cancelled."""
        if exchange.cancelled:
            return
        if self._closed:
            exchange.fail(f"{shown(exchange)}: the host is closed")
            return
        task = asyncio.get_running_loop().create_task(self._serve(exchange))
        self._served[exchange] = task
        task.add_done_callback(lambda task: self._end(exchange, task))

    def cancel(self, exchange: FcgiExchange) -> None:
        """Nobody wants the answer any more: drops the connection, calls nothing more."""
        task = self._served.pop(exchange, None)
        if task is not None:
            task.cancel()

    async def _shut(self) -> None:
        self._closed = True
        for task in self._served.values():
            task.cancel()
        if self._served:
            await asyncio.wait(self._served.values())
        self._pool.close()

    def _end(self, exchange: FcgiExchange, task: asyncio.Task[bytes]) -> None:
        """The one place where an exchange is answered."""
        error = None if task.cancelled() else task.exception()
        if self._served.pop(exchange, None) is None or exchange.cancelled:
            return
        if task.cancelled():
            words = "the host was closed before the answer was there"
        elif error is None:
            exchange.done(task.result())
            return
        elif isinstance(error, Failure):
            words = str(error)
        else:
            _log.error("the FastCGI service failed on %s", shown(exchange), exc_info=error)
            words = f"the host failed: {type(error).__name__}: {error}"
        exchange.fail(f"{shown(exchange)}: {words}")

    async def _serve(self, exchange: FcgiExchange) -> bytes:
        total = self._timeouts.total
        peer = (exchange.host, exchange.port)
        async with self._turn:
            self._asking[peer] += 1
            try:
                async with asyncio.timeout(total):
                    return await self._ask(exchange)
            except TimeoutError:
                raise Failure(f"not done within {total:g} s") from None
            finally:
                self._asking[peer] -= 1

    async def _ask(self, exchange: FcgiExchange) -> bytes:
        """On a kept connection if there is one. The server may close such a one at any time: a
        request that it did not begin to answer is made again, unless it has a body."""
        params = encode_params(complete(exchange.params, exchange.stdin))
        kept = self._pool.take((exchange.host, exchange.port)) if exchange.keepalive else None
        if kept is not None:
            try:
                return await self._ask_on(kept, exchange, params)
            except Failure as failure:
                if exchange.stdin or not failure.again:
                    raise
        return await self._ask_on(await self._connect(exchange), exchange, params)

    async def _connect(self, exchange: FcgiExchange) -> Connection:
        host, port = exchange.host, exchange.port
        if host.startswith("/"):
            opening = asyncio.open_unix_connection(host)
        elif 0 < port < 1 << 16:
            opening = asyncio.open_connection(host, port)
        else:
            raise Failure("the port is not from 1 to 65535")
        streams = await connected(opening, shown(exchange), self._timeouts.connect)
        return Connection(*streams)

    async def _ask_on(self, connection: Connection, exchange: FcgiExchange, params: bytes) -> bytes:
        """Sends and reads at the same time: the application may answer before it has read all."""
        peer = (exchange.host, exchange.port)
        records = encode_request(params, exchange.stdin, keep=exchange.keepalive)
        answer = Answer(LARGEST_ANSWER)
        sending = asyncio.get_running_loop().create_task(_send(connection.writer, records))
        reusable = False
        try:
            clean = await _read(connection.reader, answer)
            reusable = exchange.keepalive and clean and sending.done()
            return answer.body()
        finally:
            sending.cancel()
            _log_errors(answer, exchange)
            # A kept connection may hold a process of the server that the others wait for.
            if reusable and self._asking[peer] == 1:
                self._pool.keep(peer, connection)
            else:
                connection.close()


def shown(exchange: FcgiExchange) -> str:
    """The server as a reason names it."""
    path = exchange.host.startswith("/")
    return printable(exchange.host if path else f"{exchange.host}:{exchange.port}")


def complete(params: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The parameters with those derived that the module left out."""
    derived = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "CONTENT_LENGTH": str(len(body)),
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    if "DOCUMENT_ROOT" in params and "SCRIPT_NAME" in params:
        derived["SCRIPT_FILENAME"] = f"{params['DOCUMENT_ROOT']}/{params['SCRIPT_NAME']}"
    return derived | dict(params)


async def _send(writer: asyncio.StreamWriter, records: Iterator[bytes]) -> None:
    try:
        for record in records:
            writer.write(record)
            await writer.drain()
    except OSError:
        return  # the reader is told too, and has the words for it


async def _read(reader: asyncio.StreamReader, answer: Answer) -> bool:
    """Reads the answer to its end; whether nothing came behind it."""
    records = Records()
    received = 0
    while not answer.over:
        try:
            data = await reader.read(_PIECE)
        except OSError as error:
            raise _cut(received, f": {system_words(error)}") from error
        if not data:
            raise _cut(received)
        received += len(data)
        for record in records.feed(data):
            answer.add(record)
    return records.empty


def _cut(received: int, why: str = "") -> Failure:
    if not received:
        return Failure(f"the server closed the connection without an answer{why}", again=True)
    return Failure(f"the answer was cut short after {received} bytes{why}")


def _log_errors(answer: Answer, exchange: FcgiExchange) -> None:
    """What the application wrote to its error stream."""
    text = answer.errors[:_SHOWN_ERRORS].decode("utf-8", "backslashreplace").rstrip()
    if text:
        _log.warning("%s wrote to its error stream: %s", shown(exchange), text)
