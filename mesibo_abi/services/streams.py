"""TCP and TLS sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque

from .connecting import broken, connected, not_sent
from .socket_exchange import SocketExchange, SocketTimeouts
from .socket_target import Target
from .transfer import BACKLOG_LIMIT, Failure

LINGER = 2.0
"""Seconds for the other end to close its side too, after what was queued has gone out."""

_PIECE = 64 << 10


class Stream(asyncio.Protocol):
    """One TCP connection, plain or (with `context`) TLS; a Link.

    Under TLS what is written counts as gone out up to two pieces early: asyncio keeps that much
    where nobody can ask for it.
    """

    def __init__(
        self, exchange: SocketExchange, target: Target, context: ssl.SSLContext | None
    ) -> None:
        self.connected = False
        self._exchange = exchange
        self._target = target
        self._context = context
        self._queue: deque[memoryview] = deque()
        self._blocked = False  # asyncio still holds what was written last, or TLS its handshake
        self._unsent = False  # something was written that may not have gone out
        self._flushing = False  # _flush is on its way
        self._closing = False
        self._half_closed = False  # the other end sends no more
        self._clock = asyncio.timeout(None)  # set by close
        self._close_timeout = 0.0
        self._transport: asyncio.Transport | None = None
        self._ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    # ---- Link

    async def run(self, timeouts: SocketTimeouts) -> None:
        """Connects, and returns when the connection was closed in order. Raises Failure."""
        self._close_timeout = timeouts.close
        try:
            async with self._clock:
                await connected(self._open(timeouts.connect), self._target.peer, timeouts.connect)
                error = await self._ended
        except TimeoutError:
            raise not_sent(timeouts.close) from None
        finally:
            if self._transport is not None:
                self._transport.abort()
        if error is not None and (self._unsent or not self._closing):
            raise broken(error)
        if self._unsent:
            raise Failure("the connection was closed before all that was written had gone out")

    def write(self, data: bytes) -> None:
        """Queues bytes. They are copied on in pieces, so that a long text costs no more a byte."""
        if self._closing or not data:
            return
        whole = memoryview(data)
        self._unsent = True
        self._queue.extend(whole[at : at + _PIECE] for at in range(0, len(data), _PIECE))
        self._flush_soon()

    def close(self) -> None:
        """Sends what is queued, then closes. What still comes in is read, lest the other end gets
        a reset in place of our last bytes, and dropped."""
        if self._closing or self._transport is None or self._transport.is_closing():
            return
        self._closing = True
        self._clock.reschedule(asyncio.get_running_loop().time() + self._close_timeout)
        self._transport.resume_reading()
        self._flush_soon()

    def resume(self) -> None:
        """The module has caught up, perhaps: reads on."""
        if self._transport is not None and not self._exchange.pause(BACKLOG_LIMIT):
            self._transport.resume_reading()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS included."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # A plain transport is full above its limit, a TLS one at it: both from the first byte.
        transport.set_write_buffer_limits(high=0 if self._context is None else 1, low=0)
        sock = transport.get_extra_info("socket")
        if self._exchange.keepalive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.connected = True
        self._unless_refused(self._exchange.connected(sock.fileno()))
        self._flush_soon()

    def data_received(self, data: bytes) -> None:
        """Passes it on, and stops reading where the module is too far behind."""
        if self._closing:
            return
        self._unless_refused(self._exchange.data(data))
        if not self._closing and self._exchange.pause(BACKLOG_LIMIT):
            assert self._transport is not None
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The other end closed its side, so this one closes too, behind what is queued."""
        self._half_closed = True
        self.close()
        return self._context is None and self._unsent

    def pause_writing(self) -> None:
        """asyncio could not pass everything on to the system."""
        self._blocked = True

    def resume_writing(self) -> None:
        """Now it could."""
        self._blocked = False
        self._flush_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, for whatever reason."""
        if not self._ended.done():
            self._ended.set_result(exc)

    # ---- Inside

    def _unless_refused(self, wanted: bool) -> None:
        if not wanted:
            self.close()

    def _flush_soon(self) -> None:
        """Not at once: a TLS transport whose connection broke takes all and drops it, until it
        tells so in its next turn."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Passes one piece on; when the last one has gone out, says so or closes."""
        self._flushing = False
        transport = self._transport
        if transport is None or transport.is_closing() or self._ended.done() or self._blocked:
            return
        if self._queue:
            transport.write(self._queue.popleft())
            self._flush_soon()
            return
        unsent, self._unsent = self._unsent, False
        if self._closing:
            self._finish(transport)
        elif unsent:
            self._unless_refused(self._exchange.written())

    def _finish(self, transport: asyncio.Transport) -> None:
        """Everything has gone out: tells the other end, and gives it a moment to do the same."""
        if self._half_closed or self._context is not None:
            transport.close()
            return
        with contextlib.suppress(OSError):  # it is gone: the transport will say so
            transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER, transport.abort)

    async def _open(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        host, port = self._target.host, self._target.port
        if self._context is None:
            await loop.create_connection(lambda: self, host, port)
        else:
            await loop.create_connection(
                lambda: self,
                host,
                port,
                ssl=self._context,
                ssl_handshake_timeout=seconds + 1,  # whoever waits for this gives up first
                ssl_shutdown_timeout=LINGER,
            )
