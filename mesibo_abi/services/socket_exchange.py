"""The contract between the host's core and its socket service: one socket of a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

CLOSED_IN_ORDER = 0
CLOSED_BY_FAILURE = -1


class SocketExchange(Protocol):
    """One socket of a module, from the moment the host accepted it until it is closed.

    The bridge makes it; text is decoded as UTF-8 with surrogateescape. The object is compared and
    hashed by identity. Everything may be called from any thread; the service calls it on its own:

        connected, (written | data)..., closed

    `connected` may be missing, `closed` comes exactly once, and nothing behind it. Where one of
    the others returns False the module wants no more: what it has queued is sent, then the
    connection is closed.
    """

    @property
    def number(self) -> int:
        """The host's own number of the socket."""

    @property
    def url(self) -> str:
        """The URL as the module wrote it."""

    @property
    def ws_protocol(self) -> str | None:
        """Subprotocols of a WebSocket, separated by commas."""

    @property
    def keepalive(self) -> bool:
        """Whether to find out that the other end has gone while nothing is sent."""

    @property
    def verify_host(self) -> bool:
        """Whether certificate and name have to be right."""

    def connected(self, fd: int) -> bool:
        """The connection is there, TLS and WebSocket included. `fd` is its descriptor, owned by
        the service."""

    def written(self) -> bool:
        """Everything that was queued has gone out."""

    def data(self, chunk: bytes) -> bool:
        """Bytes that came in: as they come, or one message of a WebSocket."""

    def closed(self, kind: int) -> object:
        """The end: CLOSED_IN_ORDER, by either side, or CLOSED_BY_FAILURE, never connected or
        broken off."""

    def pause(self, size: int) -> bool:
        """True where the module has still to take more than `size` bytes given to `data`: then
        the service is told to resume once it is less than half of that."""


@dataclass(frozen=True, slots=True)
class SocketTimeouts:
    """Bounds of one socket, in seconds."""

    connect: float = 10.0
    """Looking up the host, connecting, TLS and WebSocket together."""
    close: float = 60.0
    """For what is queued to go out after either side has closed."""


DEFAULT_TIMEOUTS = SocketTimeouts()


class Link(Protocol):
    """One connection of an exchange, made by the service and used on its thread."""

    @property
    def connected(self) -> bool:
        """Whether the exchange was told so."""

    async def run(self, timeouts: SocketTimeouts) -> None:
        """Connects, and returns when the connection was closed in order. Raises Failure.
        Cancelled, it drops the connection at once."""

    def write(self, data: bytes) -> None:
        """Queues bytes; before the connection is there, too."""

    def close(self) -> None:
        """Sends what is queued, then closes."""

    def resume(self) -> None:
        """The module has caught up, perhaps: reads on."""
