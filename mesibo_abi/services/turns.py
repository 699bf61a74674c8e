"""Turns at a peer: only so many connections to it are being opened at once.

A listening socket queues few connections that its program has not taken yet. What comes while the
queue is full is dropped by the kernel and tried again after 1, 3, 7 and 15 seconds, so thousands of
connections opened at once to one peer run into their timeouts although the peer is well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

AT_ONCE = 128
"""What listen(2) queues by default on many systems."""


class Turns:
    """The turns at every peer. Belongs to one event loop."""

    def __init__(self) -> None:
        self._queues: WeakValueDictionary[Hashable, _Queue] = WeakValueDictionary()

    @asynccontextmanager
    async def at(self, peer: Hashable, seconds: float) -> AsyncIterator[None]:
        """The body opens a connection to `peer`, within `seconds` of its turn (0: no bound). Raises
        TimeoutError there, and where for so long nobody at all got through to the peer."""
        queue = self._queues.get(peer)
        if queue is None:
            queue = self._queues[peer] = _Queue()
        await queue.turn(seconds)
        try:
            async with asyncio.timeout(seconds or None):
                yield
            queue.moved = asyncio.get_running_loop().time()
        finally:
            queue.slots.release()


class _Queue:
    """Those who wait for one peer."""

    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(AT_ONCE)
        self.moved = 0.0  # when a connection was last made, on the loop's clock

    async def turn(self, seconds: float) -> None:
        if not self.slots.locked() or not seconds:
            await self.slots.acquire()
            return
        now = asyncio.get_running_loop().time
        due = now() + seconds
        while True:
            try:
                async with asyncio.timeout_at(due):
                    await self.slots.acquire()
                    return
            except TimeoutError:
                due = self.moved + seconds  # others got in meanwhile: it goes on
                if due <= now():
                    raise
