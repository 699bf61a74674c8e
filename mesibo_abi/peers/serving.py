"""A server on loopback, or at a path: every connection is given to a coroutine."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self, TypeAlias

from ..errors import Error
from ..services.thread import ServiceThread

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ADDRESS = "127.0.0.1"
_PATIENCE = 30.0  # seconds for a thread that begins or ends, on a machine that is busy
_BACKLOG = 1024
_TURNS = 3  # of the loop, from a connection that is accepted to its transport


class LoopbackServer:
    """Listens on a port of its own, or at `path` as a Unix socket, on a thread with an event loop,
    from `start` to `close`.

    `serve(reader, writer)` is awaited for each connection, which is closed behind it; a client that
    goes away ends it silently. `limit` is how many bytes wait to be read, and how long a line may
    be. A context manager; gives itself.
    """

    def __init__(
        self,
        serve: Serve,
        *,
        tls: ssl.SSLContext | None = None,
        path: Path | None = None,
        limit: int = 1 << 16,
    ) -> None:
        self._serve = serve
        self._tls = tls
        self._path = path
        self._limit = limit
        self._thread = ServiceThread()
        self._open: set[asyncio.Transport] = set()
        self._ready = threading.Event()
        self._server: asyncio.Server | None = None
        self._failure: OSError | None = None
        self.port = 0

    def start(self) -> None:
        """Begins to listen; `port` says where (0: at its path). Raises Error where it cannot."""
        self._thread.at_close(self._stop)
        self._thread.call(self._begin)
        if not self._ready.wait(_PATIENCE):
            raise Error(
                "a peer on loopback did not begin to listen",
                detail=f"expected it within {_PATIENCE:.0f} s, found nothing",
                hint="look what keeps this process from running its threads",
            )
        if self._failure is not None:
            self.close()
            why = self._failure.strerror or self._failure
            raise Error(
                f"a peer cannot listen at {self._path or ADDRESS}",
                detail=f"expected a place for a socket, found: {why}",
                hint="give it a short path, in a folder that is there and may be written to",
            ) from self._failure

    def close(self) -> None:
        """Stops to listen, and ends every connection. Does nothing the second time."""
        self._thread.close(_PATIENCE)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._beginning = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        try:
            self._server = await self._open_server()
        except OSError as error:
            self._failure = error
        self._ready.set()

    async def _open_server(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        if self._path is not None:
            return await loop.create_unix_server(
                self._connection, self._path, ssl=self._tls, backlog=_BACKLOG
            )
        server = await loop.create_server(
            self._connection, ADDRESS, 0, ssl=self._tls, backlog=_BACKLOG
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    def _connection(self) -> asyncio.Protocol:
        return _Connection(asyncio.StreamReader(self._limit), self._talk, self._open)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()

    async def _stop(self) -> None:
        if self._server is not None:
            await self._end_listening(self._server)
        for transport in list(self._open):
            transport.abort()

    async def _end_listening(self, server: asyncio.Server) -> None:
        """What was accepted just now is a task that has not begun: cancelled, or begun behind the
        server's close, it would leave its socket open. So it has its turns first."""
        for listener in server.sockets:
            listener.shutdown(socket.SHUT_RDWR)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class _Connection(asyncio.StreamReaderProtocol):
    """One connection. Its transport is kept where the server finds it: a task that is cancelled
    before it ran closes nothing."""

    def __init__(
        self, reader: asyncio.StreamReader, talk: Serve, among: set[asyncio.Transport]
    ) -> None:
        super().__init__(reader, talk)
        self._among = among

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._mine = transport
        self._among.add(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._among.discard(self._mine)
        super().connection_lost(exc)
