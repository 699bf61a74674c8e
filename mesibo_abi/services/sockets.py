"""The socket service of a host: opens sockets for modules and sees each to its end."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING

from .connecting import printable
from .socket_exchange import (
    CLOSED_BY_FAILURE,
    CLOSED_IN_ORDER,
    DEFAULT_TIMEOUTS,
    Link,
    SocketExchange,
    SocketTimeouts,
)
from .socket_target import parse_target
from .streams import Stream
from .thread import ServiceThread
from .transfer import Failure, shown

if TYPE_CHECKING:
    import aiohttp

_log = logging.getLogger("mesibo_abi")


class SocketService:
    """Serves sockets, each until it is closed. Why one failed is logged.

    Everything is called on the service thread, always with the same object for a socket; calls
    for one that is closed do nothing. The service closes with its thread.
    """

    def __init__(
        self, thread: ServiceThread, *, timeouts: SocketTimeouts = DEFAULT_TIMEOUTS
    ) -> None:
        self._timeouts = timeouts
        self._links: dict[SocketExchange, Link] = {}
        self._served: dict[SocketExchange, asyncio.Task[None]] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        thread.at_close(self._shut)

    def start(self, exchange: SocketExchange) -> None:
        """Takes a socket. Its `closed` will be called, whatever happens."""
        try:
            if self._closed:
                raise Failure("the host is closed")
            link = self._new_link(exchange)
        except Failure as failure:
            _log_failure(exchange, failure)
            exchange.closed(CLOSED_BY_FAILURE)
            return
        task = asyncio.get_running_loop().create_task(link.run(self._timeouts))
        self._links[exchange] = link
        self._served[exchange] = task
        task.add_done_callback(lambda task: self._end(exchange, task))

    def write(self, exchange: SocketExchange, data: bytes) -> None:
        """Queues bytes; for a WebSocket one message."""
        if (link := self._links.get(exchange)) is not None:
            link.write(data)

    def close(self, exchange: SocketExchange) -> None:
        """Sends what is queued, then closes; drops a connection that is not there yet."""
        link = self._links.get(exchange)
        if link is not None and link.connected:
            link.close()
        elif link is not None:
            self._served[exchange].cancel()

    def resume(self, exchange: SocketExchange) -> None:
        """The module has taken what came in: reads on, where reading had stopped."""
        if (link := self._links.get(exchange)) is not None:
            link.resume()

    async def _shut(self) -> None:
        self._closed = True
        for task in self._served.values():
            task.cancel()
        if self._served:
            await asyncio.wait(self._served.values())
        if self._session is not None:
            await self._session.close()

    def _end(self, exchange: SocketExchange, task: asyncio.Task[None]) -> None:
        """The one place where a socket that was begun is reported closed."""
        del self._links[exchange], self._served[exchange]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Failure):
            _log_failure(exchange, error)
        elif error is not None:
            _log.error("the socket service failed on %s", shown(exchange.url), exc_info=error)
        in_order = error is None and not task.cancelled()
        exchange.closed(CLOSED_IN_ORDER if in_order else CLOSED_BY_FAILURE)

    def _new_link(self, exchange: SocketExchange) -> Link:
        target = parse_target(exchange.url)
        context = self._context(exchange.verify_host) if target.scheme.is_tls else None
        if not target.scheme.is_web:
            return Stream(exchange, target, context)
        from .websocket import WebSocket, new_session  # aiohttp: only when needed

        if self._session is None:
            self._session = new_session()
        return WebSocket(exchange, target, context, self._session)

    def _context(self, verify: bool) -> ssl.SSLContext:
        """One for all sockets: reading the certificates of the system takes its time."""
        context = self._contexts.get(verify)
        if context is None:
            context = self._contexts[verify] = ssl.create_default_context()
            if not verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
        return context


def _log_failure(exchange: SocketExchange, failure: Failure) -> None:
    url = printable(shown(exchange.url))
    _log.warning("socket %d, %s: %s", exchange.number, url, failure)
