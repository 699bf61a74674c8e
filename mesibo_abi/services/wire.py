"""The end of a connection in the middle of a body."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp


@contextmanager
def watched(response: aiohttp.ClientResponse) -> Iterator[None]:
    """While the body is read: tells its reader when what follows is no HTTP.

    aiohttp itself closes the connection on a malformed chunk and keeps the error to itself; the
    reader would wait for ever.
    """
    connection = response.connection
    protocol = None if connection is None else connection.protocol
    closed = None if protocol is None else protocol.closed
    if protocol is None or closed is None:
        yield  # it is all there already
        return

    def tell(_: asyncio.Future[None]) -> None:
        error, content = protocol.exception(), response.content
        if error is not None and content.exception() is None and not content.is_eof():
            content.set_exception(aiohttp.ClientPayloadError(str(error)), error)

    # The future is one for all uses of the connection, so there is one such callback.
    closed.remove_done_callback(_take_note)
    closed.add_done_callback(_take_note)
    closed.add_done_callback(tell)
    try:
        yield
    finally:
        closed.remove_done_callback(tell)


def _take_note(closed: asyncio.Future[None]) -> None:
    """An exception that nobody asked for would be logged."""
    if not closed.cancelled():
        closed.exception()
