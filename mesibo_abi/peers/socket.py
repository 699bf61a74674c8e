"""A scripted server of plain TCP or TLS."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from ..errors import InputError
from .peer import Answer, Answering, Peer
from .replies import RawReply, Streams, as_bytes
from .tls import Certificate

_MOST = 1 << 16


@dataclass(frozen=True, slots=True)
class SocketAsked:
    """Bytes that came, up to where the peer was told that a request ends. `connection` numbers the
    connections, from 0."""

    data: bytes
    connection: int


class SocketPeer(Peer[SocketAsked]):
    """A scripted server of bytes; its replies are bytes, str (as UTF-8) or a RawReply.

    A request ends with the bytes `until`, which it includes, or is of `size` bytes; without either
    it is what comes at once, which for TCP is any part of what was sent. `greeting` is what each
    connection gets first. What a connection ends with, and is no whole request, is in `requests`
    and takes no reply.
    """

    protocol: ClassVar[str] = "socket"

    def __init__(
        self,
        *script: Answer | Answering[SocketAsked],
        until: bytes = b"",
        size: int = 0,
        greeting: str | bytes = b"",
        tls: Certificate | None = None,
    ) -> None:
        if until and size:
            raise InputError(
                f"the socket peer cannot have until={until!r} and size={size!r}",
                detail="expected one of the two, as each says where a request ends",
                hint="leave one out",
            )
        self.until, self.size, self.greeting = until, size, as_bytes(greeting)
        super().__init__(*script, tls=tls)

    @property
    def url(self) -> str:
        """Where it is, for mesibo_util_socket_connect."""
        return f"{'sock' if self._tls is None else 'socks'}://{self.address}"

    def received(self, connection: int = 0) -> bytes:
        """All that came on a connection so far, as far as it is in `requests`."""
        return b"".join(each.data for each in self.requests if each.connection == connection)

    def _plain(self, content: str | bytes) -> RawReply:
        return RawReply(as_bytes(content))

    async def _greet(self, streams: Streams, connection: int) -> None:  # noqa: ARG002, others do
        _, writer = streams
        writer.write(self.greeting)
        await writer.drain()

    async def _read(self, reader: asyncio.StreamReader, connection: int) -> SocketAsked | None:
        try:
            data = await self._piece(reader)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self._take(SocketAsked(error.partial, connection))
            return None
        return SocketAsked(data, connection) if data else None

    async def _piece(self, reader: asyncio.StreamReader) -> bytes:
        if self.until:
            return await reader.readuntil(self.until)
        if self.size:
            return await reader.readexactly(self.size)
        return await reader.read(_MOST)
