"""What a scripted peer answers with, and how the bytes of it leave."""

from __future__ import annotations

import asyncio
import enum
import socket
import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..errors import InputError


class Then(enum.StrEnum):
    """What becomes of a connection behind a reply."""

    KEEP = "keep"
    """It stays open for the next request."""
    CLOSE = "close"
    """It is closed in order: the other side reads the end."""
    RESET = "reset"
    """It is reset: the other side gets an error."""
    STALL = "stall"
    """It stays open, and nothing comes on it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(ABC):
    """A reply of a peer. `delay` seconds pass before its first byte; it leaves `piece` bytes at a
    time (0: all at once), `pause` seconds apart. `cut`: only so many bytes of it leave. `then` is
    what becomes of the connection; None: it is closed behind a cut, else as the protocol says.

    Raises InputError for what none of that can be.
    """

    delay: float = 0.0
    piece: int = 0
    pause: float = 0.0
    cut: int | None = None
    then: Then | None = None

    def __post_init__(self) -> None:
        for name in ("delay", "piece", "pause", "cut"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise refused(self, f"{name}={value!r}", "a number of 0 or more", repr(value))

    def check_cut(self) -> None:
        """Raises InputError for a cut that cuts nothing: it is behind the last byte."""
        if self.cut is not None and self.cut > (size := len(self.encode())):
            expected = f"at most {size}, as it has so many bytes"
            hint = "count from its first byte; then=Then.CLOSE closes behind all of it"
            raise refused(self, f"cut={self.cut}", expected, str(self.cut), hint)

    @abstractmethod
    def encode(self) -> bytes:
        """All its bytes, as they go over the wire."""


@dataclass(frozen=True, slots=True)
class RawReply(Reply):
    """Bytes as they are: for what no server of that protocol would say."""

    data: bytes

    def encode(self) -> bytes:
        """The bytes."""
        return self.data


def refused(reply: Reply, what: str, expected: str, found: str, hint: str = "") -> InputError:
    """The exception for a reply that cannot be."""
    return InputError(
        f"{type(reply).__name__} cannot have {what}",
        detail=f"expected {expected}, got {found}",
        hint=hint or "a RawReply has any bytes there are",
    )


def as_bytes(content: str | bytes) -> bytes:
    """Text as UTF-8, bytes as they are."""
    return content.encode() if isinstance(content, str) else bytes(content)


async def send(reply: Reply, then: Then, streams: Streams) -> None:
    """Writes a reply, and does with the connection what `then` says, but for keeping it."""
    reader, writer = streams
    data = reply.encode()[: reply.cut]
    if reply.delay:
        await asyncio.sleep(reply.delay)
    size = reply.piece or max(len(data), 1)
    for start in range(0, len(data), size):
        if start and reply.pause:
            await asyncio.sleep(reply.pause)
        writer.write(data[start : start + size])
        await writer.drain()
    if then is Then.RESET:
        reset(writer)
    elif then is Then.STALL:
        while await reader.read(1 << 16):
            pass


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection as one that was lost: the other side's next read is an error."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
