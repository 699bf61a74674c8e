"""WebSockets. This file needs aiohttp at once, which takes a third of a second to import: it is
imported with the first WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections import deque
from typing import Literal, TypeAlias

import aiohttp
from aiohttp import WSMsgType
from aiohttp.http_websocket import WSMessageTextBytes

from .connecting import broken, connected, no_connection, not_sent
from .socket_exchange import SocketExchange, SocketTimeouts
from .socket_target import Target
from .transfer import BACKLOG_LIMIT, Failure

LARGEST_MESSAGE = 64 << 20
"""Bytes of one message that comes in."""
PING_SECONDS = 30.0
"""With keepalive: how long nothing may come in before a ping, and how long its answer may take."""
LINGER = 2.0
"""Seconds for the other end to answer a close frame."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Client: TypeAlias = "aiohttp.ClientWebSocketResponse[Literal[False]]"
Message: TypeAlias = aiohttp.WSMessage | WSMessageTextBytes


def new_session() -> aiohttp.ClientSession:
    """A session for any number of WebSockets; closing it closes them."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=aiohttp.ThreadedResolver()),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class WebSocket:
    """One WebSocket; a Link. What is valid UTF-8 goes out as a text message, other bytes as a
    binary one, each write a message of its own; either kind comes in as bytes, unchecked."""

    def __init__(
        self,
        exchange: SocketExchange,
        target: Target,
        context: ssl.SSLContext | None,
        session: aiohttp.ClientSession,
    ) -> None:
        self.connected = False
        self._exchange = exchange
        self._target = target
        self._context = context
        self._session = session
        self._queue: deque[bytes] = deque()
        self._sending = False
        self._closing = False
        self._clock = asyncio.timeout(None)  # set by close
        self._close_timeout = 0.0
        self._work = asyncio.Event()
        self._resumed = asyncio.Event()

    # ---- Link

    async def run(self, timeouts: SocketTimeouts) -> None:
        """Connects, and returns when the connection was closed in order. Raises Failure."""
        self._close_timeout = timeouts.close
        web = await connected(self._open(), self._target.peer, timeouts.connect)
        sock = web.get_extra_info("socket")
        sender = asyncio.get_running_loop().create_task(self._send(web))
        try:
            async with self._clock:
                self.connected = True
                self._unless_refused(self._exchange.connected(sock.fileno()))
                await self._receive(web)
                if self._closing:
                    await sender
        except (aiohttp.ClientError, OSError) as error:
            late = self._clock.expired()
            raise not_sent(timeouts.close) if late else broken(error) from error
        finally:
            self._closing = True
            sender.cancel()
            with contextlib.suppress(OSError):  # it is closed already
                sock.shutdown(socket.SHUT_RDWR)
            await web.close()
        if self._queue or self._sending:
            raise Failure("the connection was closed before all that was written had gone out")

    def write(self, data: bytes) -> None:
        """Queues one message."""
        if not self._closing:
            self._queue.append(data)
            self._work.set()

    def close(self) -> None:
        """Sends what is queued, then closes. What still comes in is dropped."""
        if self._closing:
            return
        self._closing = True
        self._clock.reschedule(asyncio.get_running_loop().time() + self._close_timeout)
        self._work.set()
        self._resumed.set()

    def resume(self) -> None:
        """The module has caught up, perhaps: reads on."""
        self._resumed.set()

    # ---- Inside

    def _unless_refused(self, wanted: bool) -> None:
        if not wanted:
            self.close()

    async def _open(self) -> Client:
        try:
            return await self._session.ws_connect(
                self._target.url,
                protocols=_protocols(self._exchange.ws_protocol),
                ssl=self._context if self._context is not None else True,
                timeout=aiohttp.ClientWSTimeout(ws_close=LINGER),
                autoping=False,
                max_msg_size=LARGEST_MESSAGE,
                decode_text=False,
            )
        except (aiohttp.ClientError, ValueError) as error:
            raise _refused(error, self._target.peer) from error

    async def _send(self, web: Client) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            some = bool(self._queue)
            while self._queue:
                self._sending = True
                await _send_message(web, self._queue.popleft())
                await asyncio.sleep(0)  # TLS whose connection broke tells so in its next turn
                self._sending = False
            if self._closing:
                with contextlib.suppress(TimeoutError):  # it goes on talking
                    async with asyncio.timeout(LINGER):
                        await web.close()
                return
            if some:
                self._unless_refused(self._exchange.written())

    async def _receive(self, web: Client) -> None:
        """Until the connection is closed in order."""
        while True:
            message = await self._next(web)
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    await self._pass_on(message.data)
                case WSMsgType.PING:
                    await web.pong(message.data)
                case WSMsgType.CLOSE:
                    return
                case WSMsgType.CLOSING | WSMsgType.CLOSED:
                    if self._closing:
                        return
                    raise Failure("the connection broke without a close frame")
                case WSMsgType.ERROR:
                    raise Failure(f"what came in is no WebSocket: {message.data}")

    async def _next(self, web: Client) -> Message:
        if not self._exchange.keepalive:
            return await web.receive()
        try:
            return await web.receive(PING_SECONDS)
        except TimeoutError:
            await web.ping()
        try:
            return await web.receive(PING_SECONDS)
        except TimeoutError:
            raise Failure(f"a ping was not answered within {PING_SECONDS:g} s") from None

    async def _pass_on(self, data: bytes) -> None:
        """Gives a message to the module, and waits where that is too far behind."""
        if self._closing:
            return
        self._resumed.clear()
        self._unless_refused(self._exchange.data(data))
        while not self._closing and self._exchange.pause(BACKLOG_LIMIT):
            await self._resumed.wait()
            self._resumed.clear()


async def _send_message(web: Client, data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        await web.send_bytes(data)
    else:
        await web.send_frame(data, WSMsgType.TEXT)


def _protocols(names: str | None) -> list[str]:
    protocols = [name.strip() for name in (names or "").split(",") if name.strip()]
    for name in protocols:
        if not _TOKEN.fullmatch(name):
            raise Failure(f"the WebSocket protocol {name!a} is not a token")
    return protocols


def _refused(error: Exception, peer: str) -> Failure:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        return no_connection(cause if isinstance(cause, OSError) else OSError(str(cause)), peer)
    if isinstance(error, aiohttp.ClientConnectorError):
        return no_connection(error.os_error, peer)
    if isinstance(error, aiohttp.WSServerHandshakeError) and error.status != 101:
        return Failure(f"the server answered with status {error.status}, not with a WebSocket")
    if isinstance(error, aiohttp.ServerDisconnectedError | OSError):
        return Failure("the server closed the connection without an answer")
    words = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    first = words.strip().partition("\n")[0].rstrip(": ")
    return Failure(f"no WebSocket came about: {first or type(error).__name__}")
