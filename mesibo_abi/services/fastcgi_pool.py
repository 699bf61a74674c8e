"""Connections to FastCGI servers that wait for their next request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

MOST_IDLE = 4
"""Kept connections to one server. A few, for a short while: each may hold a process of it."""
IDLE_SECONDS = 5.0

Peer: TypeAlias = tuple[str, int]


@dataclass(eq=False, slots=True)
class Connection:
    """One connection to a server. `timer` ends it while it is idle."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    timer: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Drops it; what is still to be sent is lost."""
        self.writer.transport.abort()


class Pool:
    """Idle connections by server, each for IDLE_SECONDS at most. Belongs to the service thread."""

    def __init__(self) -> None:
        self._idle: dict[Peer, list[Connection]] = {}
        self._closed = False

    def take(self, peer: Peer) -> Connection | None:
        """A connection that the server has not closed, as far as is known."""
        connections = self._idle.get(peer, [])
        while connections:
            connection = connections[-1]
            self._remove(peer, connection)
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.close()
        return None

    def keep(self, peer: Peer, connection: Connection) -> None:
        """Keeps a connection for the next request; the oldest one goes where there are too many."""
        if self._closed:
            connection.close()
            return
        connections = self._idle.setdefault(peer, [])
        connections.append(connection)
        loop = asyncio.get_running_loop()
        connection.timer = loop.call_later(IDLE_SECONDS, self._drop, peer, connection)
        if len(connections) > MOST_IDLE:
            self._drop(peer, connections[0])

    def close(self) -> None:
        """Drops all, and every one that is still to be kept."""
        self._closed = True
        for peer, connections in list(self._idle.items()):
            for connection in list(connections):
                self._drop(peer, connection)

    def _drop(self, peer: Peer, connection: Connection) -> None:
        self._remove(peer, connection)
        connection.close()

    def _remove(self, peer: Peer, connection: Connection) -> None:
        if connection.timer is not None:
            connection.timer.cancel()
        connections = self._idle[peer]
        connections.remove(connection)
        if not connections:
            del self._idle[peer]
