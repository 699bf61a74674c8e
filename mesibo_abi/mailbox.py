"""What arrived and nobody took yet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """What arrived and nobody took yet. Iterating takes it, oldest first, and ends with what had
    arrived when it began; iterate again for what came since. From any thread.

    Above `most` items the oldest go; `lost` counts them."""

    def __init__(
        self,
        refill: Callable[[], list[T]],
        most: int | None = None,
        told: Callable[[list[T]], None] | None = None,
    ) -> None:
        self._refill = refill
        self._most = most
        self._told = told
        self._items: deque[T] = deque()
        # What one thread has taken from the core is here before another looks.
        self._lock = threading.Condition()
        self._tellers: dict[object, int] = {}  # the threads that still tell of what they took
        self.lost = 0

    def __iter__(self) -> Iterator[T]:
        for _ in range(len(self)):
            try:
                item = self._items.popleft()
            except IndexError:  # another thread took it
                return
            yield item

    def __len__(self) -> int:
        self.gather()
        return len(self._items)

    def __repr__(self) -> str:
        return f"<{len(self)} waiting>"

    def gather(self) -> None:
        """Takes in what the core has, and tells of it."""
        telling = object()
        try:
            with self._lock:
                arrived = self._refill()
                self.put(arrived)
                if not arrived or self._told is None:
                    return
                self._tellers[telling] = threading.get_ident()
            self._told(arrived)
        finally:
            with self._lock:
                if self._tellers.pop(telling, None) is not None:
                    self._lock.notify_all()

    def settle(self) -> None:
        """Gathers, and waits until other threads have told of what they took before."""
        self.gather()
        with self._lock:
            me = threading.get_ident()
            before = {telling for telling, thread in self._tellers.items() if thread != me}
            self._lock.wait_for(lambda: before.isdisjoint(self._tellers))

    def put(self, items: Iterable[T]) -> None:
        """Adds items behind those that wait."""
        with self._lock:
            self._items.extend(items)
            while self._most is not None and len(self._items) > self._most:
                self._items.popleft()
                self.lost += 1
