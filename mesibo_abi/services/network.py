"""Requests over the network. The one file of the service that needs aiohttp at once: it takes a
third of a second to import, so it is imported with the first request."""

from __future__ import annotations

import asyncio
import io
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from .decoding import decoder_for
from .http_request import Plan
from .http_types import HttpRequest
from .network_failures import before_answer, in_body
from .transfer import Failure, Transfer
from .turns import Turns
from .wire import watched

LARGEST_HEADER = 64 << 10
LARGE_BODY = 256 << 10
"""Bodies above this are sent in pieces, so that one does not hold up all others."""

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class Network:
    """aiohttp sessions, one that keeps its connections and one that does not, for all requests of a
    host.

    Belongs to the service thread. A server may close a kept connection at any time, so a GET that
    finds it closed is no failed attempt: it is sent again, once, on connections of its own.
    """

    def __init__(self) -> None:
        turns = Turns()
        self._session = _session(_Connector(force_close=False, turns=turns))
        self._unkept = _session(_Connector(force_close=True, turns=turns))

    async def answer(self, transfer: Transfer, plan: Plan) -> None:
        """Makes the request and passes the answer on. Raises Failure, or NobodyListens."""
        response = await self._open(transfer, plan)
        try:
            await _deliver(transfer, plan, response)
        finally:
            response.close()  # where it was read to its end, the pool has the connection already

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()
        await self._unkept.close()

    async def _open(self, transfer: Transfer, plan: Plan) -> aiohttp.ClientResponse:
        pause = _FIRST_PAUSE
        for _ in range(plan.attempts - 1):
            try:
                return await self._ask(transfer, plan)
            except Failure as failure:
                if not failure.again:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        try:
            return await self._ask(transfer, plan)
        except Failure as failure:
            if plan.attempts == 1:
                raise
            raise Failure(f"{failure} (the last of {plan.attempts} attempts)") from None

    async def _ask(self, transfer: Transfer, plan: Plan) -> aiohttp.ClientResponse:
        """One attempt."""
        try:
            return await self._ask_on(self._session, transfer, plan)
        except _ConnectionWasClosed:
            return await self._ask_on(self._unkept, transfer, plan)

    async def _ask_on(
        self, session: aiohttp.ClientSession, transfer: Transfer, plan: Plan
    ) -> aiohttp.ClientResponse:
        """The request, redirects included, up to the headers of the answer."""
        request = plan.request
        try:
            async with asyncio.timeout(None) as clock:
                sending = _Sending(transfer, plan, clock)
                _sending.set(sending)
                return await session.request(
                    request.method,
                    URL(request.url),
                    headers=_one_spelling(request.headers),
                    data=sending.body(request),
                    proxy=plan.proxy,
                    allow_redirects=plan.redirects > 0,
                    # aiohttp refuses the redirect that reaches this number.
                    max_redirects=plan.redirects + 1,
                    timeout=_NO_TIMEOUT,
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if clock.expired():
                words = f"no headers within {plan.timeouts.headers:g} s of connecting"
                raise Failure(f"{words} (header_timeout)", again=True) from None
            if sending.on_kept_connection and request.method == "GET" and _is_closed(error):
                raise _ConnectionWasClosed from error
            raise before_answer(error, plan) from error


class _ConnectionWasClosed(Exception):
    """A kept connection was not there any more."""


def _is_closed(error: Exception) -> bool:
    return isinstance(error, aiohttp.ServerDisconnectedError | OSError)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=LARGEST_HEADER,
        max_field_size=LARGEST_HEADER,
    )
    # Else it would send a GET again by itself, also one that a new connection swallowed.
    session._retry_connection = False
    return session


class _Sending:
    """One attempt while it is on its way out: sets the clock that waits for headers, and tells
    the module what went out."""

    def __init__(self, transfer: Transfer, plan: Plan, clock: asyncio.Timeout) -> None:
        self._transfer = transfer
        self._clock = clock
        self._seconds = plan.timeouts.headers
        self.connect_seconds = plan.timeouts.connect
        self._large = len(plan.request.body) > LARGE_BODY
        self.on_kept_connection = False

    def connecting(self) -> None:
        self._clock.reschedule(None)

    def connected(self) -> None:
        """What is written now goes out in one go, but for a large body."""
        if self._seconds:
            self._clock.reschedule(asyncio.get_running_loop().time() + self._seconds)
        self._transfer.sent(body=not self._large)

    def body(self, request: HttpRequest) -> Any:
        """What aiohttp takes for a body."""
        if request.method == "GET":
            return None
        return _LargeBody(request.body, self._transfer) if self._large else request.body


class _LargeBody(io.BytesIO):
    """A body that aiohttp sends in pieces; tells when the last one was taken."""

    def __init__(self, body: bytes, transfer: Transfer) -> None:
        super().__init__(body)
        self._size = len(body)
        self._transfer = transfer

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if self.tell() == self._size:
            self._transfer.sent(body=True)
        return data


_sending: ContextVar[_Sending] = ContextVar("sending")


class _Connector(aiohttp.TCPConnector):
    """Opens connections in turns, and says when a request has its connection. (aiohttp's tracing
    says so too, and costs an eighth of the rate.)"""

    def __init__(self, *, force_close: bool, turns: Turns) -> None:
        # How many connections there are is bounded by the service, not by the pool.
        super().__init__(limit=0, resolver=aiohttp.ThreadedResolver(), force_close=force_close)
        self._turns = turns

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        sending = _sending.get()
        sending.connecting()
        sending.on_kept_connection = True
        connection = await super().connect(req, traces, timeout)
        sending.connected()
        return connection

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        sending = _sending.get()
        sending.on_kept_connection = False
        peer = req.proxy or req.url
        async with self._turns.at((peer.host, peer.port), sending.connect_seconds):
            return await super()._create_connection(req, traces, timeout)


def _one_spelling(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """aiohttp keeps several lines of one header only where all are spelled the same."""
    spelled: dict[str, str] = {}
    return [(spelled.setdefault(name.lower(), name), value) for name, value in headers]


async def _deliver(transfer: Transfer, plan: Plan, response: aiohttp.ClientResponse) -> None:
    body = _Body(transfer, response)
    transfer.headers(response.status, response.headers.get("Content-Type", ""), _raw(response))
    try:
        with watched(response):
            async with asyncio.timeout(plan.timeouts.body or None) as clock:
                while not transfer.over:
                    await body.pass_on_chunk(clock)
    except TimeoutError:
        words = f"the body did not end within {plan.timeouts.body:g} s"
        raise Failure(f"{words} (body_timeout)") from None


class _Body:
    """The body of one answer on its way to the module. Progress counts the bytes as they come
    over the wire."""

    def __init__(self, transfer: Transfer, response: aiohttp.ClientResponse) -> None:
        self._transfer = transfer
        self._content = response.content
        self._length = response.content_length
        self._received = 0
        self._decoder = decoder_for(response.headers.get("Content-Encoding", ""))

    async def pass_on_chunk(self, clock: asyncio.Timeout) -> None:
        """Whatever is there, decoded, as soon as something is."""
        chunk = await self._read()
        last = self._content.at_eof()
        progress = self._progress()
        held = b""
        for piece in self._decoder.feed(chunk):
            if held:
                await self._pass_on(held, progress, clock)
            held = piece
        if last:
            self._decoder.end()
            self._transfer.body(held, 100)
        elif held:
            await self._pass_on(held, progress, clock)

    async def _pass_on(self, piece: bytes, progress: int, clock: asyncio.Timeout) -> None:
        self._transfer.body(piece, progress)
        if self._transfer.behind():
            await self._paused(clock)

    async def _paused(self, clock: asyncio.Timeout) -> None:
        """Waits for the module with the clock of the body stopped."""
        now = asyncio.get_running_loop().time
        due, begun = clock.when(), now()
        clock.reschedule(None)
        await self._transfer.caught_up()
        if due is not None:
            clock.reschedule(due + now() - begun)

    async def _read(self) -> bytes:
        try:
            chunk = await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise in_body(error, self._received, self._length) from error
        self._received += len(chunk)
        return chunk

    def _progress(self) -> int:
        if not self._length:
            return 50
        return min(max(self._received * 100 // self._length, 1), 99)


def _raw(response: aiohttp.ClientResponse) -> bytes:
    version = response.version or aiohttp.HttpVersion11
    status = f"HTTP/{version.major}.{version.minor} {response.status} {response.reason or ''}"
    lines = [status.encode("utf-8", "surrogateescape")]
    lines += [b"%s: %s" % pair for pair in response.raw_headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"
