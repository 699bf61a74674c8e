"""The HTTP service of a host: takes exchanges from the core and sees each to its end."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import OrderedDict
from typing import Protocol

from .exchange import Exchange
from .handling import Handling
from .http_request import Plan, plan_request
from .http_types import DEFAULT_TIMEOUTS, HttpHandler, Timeouts
from .thread import ServiceThread
from .transfer import Failure, NobodyListens, Transfer, shown

MOST_AT_ONCE = 5000
_SPARE_DESCRIPTORS = 128

_log = logging.getLogger("mesibo_abi")


class Backend(Protocol):
    """Where answers come from."""

    async def answer(self, transfer: Transfer, plan: Plan) -> None:
        """Sees one transfer to its end, or raises Failure or NobodyListens."""

    async def close(self) -> None:
        """Frees what the backend holds."""


class HttpService:
    """Serves exchanges, at most `at_once` of them open at a time (0: 5000, or as many as the
    process may have descriptors); the others wait their turn.

    `handler` answers in place of the network; `defaults` are the timeouts of a module that sets
    none. The service closes with its thread. `start`, `cancel`, `resume` and `close` are called
    on the service thread, always with the same object for an exchange.
    """

    def __init__(
        self,
        thread: ServiceThread,
        *,
        handler: HttpHandler | None = None,
        defaults: Timeouts = DEFAULT_TIMEOUTS,
        at_once: int = 0,
    ) -> None:
        self._backend: Backend | None = None if handler is None else Handling(handler)
        self._defaults = defaults
        self._at_once = at_once or _room()
        self._closed = False
        self._waiting: OrderedDict[Exchange, Transfer] = OrderedDict()
        self._served: dict[Exchange, asyncio.Task[None]] = {}
        self._workers: dict[asyncio.Task[None], Transfer] = {}
        thread.at_close(self._shut)

    def start(self, exchange: Exchange) -> None:
        """Takes an exchange. It will be ended, unless it is cancelled."""
        transfer = Transfer(exchange)
        if self._closed:
            transfer.fail("the host is closed")
        elif len(self._workers) < self._at_once:
            self._employ(transfer)
        else:
            self._waiting[exchange] = transfer

    def cancel(self, exchange: Exchange) -> None:
        """Nobody wants the answer any more: drops the connection, calls nothing more."""
        self._waiting.pop(exchange, None)
        worker = self._served.get(exchange)
        if worker is not None:
            self._workers[worker].end()
            worker.cancel()

    def resume(self, exchange: Exchange) -> None:
        """The exchange's backlog has drained: reads on, where reading had stopped."""
        worker = self._served.get(exchange)
        if worker is not None:
            self._workers[worker].resume()

    def close(self) -> None:
        """Fails what is open and takes nothing more. Connections close with the thread."""
        self._closed = True
        waiting, self._waiting = self._waiting, OrderedDict()
        for transfer in [*self._workers.values(), *waiting.values()]:
            transfer.fail("the host was closed before the answer was there")
        for worker in self._workers:
            worker.cancel()

    async def _shut(self) -> None:
        self.close()
        if self._workers:
            await asyncio.wait(self._workers)
        if self._backend is not None:
            await self._backend.close()

    # A worker is a task that serves one exchange after the other: a task for each queued request
    # would cost three times the memory and the rate.

    def _employ(self, transfer: Transfer) -> None:
        worker = asyncio.get_running_loop().create_task(self._work())
        self._assign(worker, transfer)
        worker.add_done_callback(self._retire)

    def _assign(self, worker: asyncio.Task[None], transfer: Transfer) -> None:
        self._workers[worker] = transfer
        self._served[transfer.exchange] = worker

    async def _work(self) -> None:
        worker = asyncio.current_task()
        assert worker is not None
        while True:
            transfer = self._workers[worker]
            await self._serve(transfer)
            del self._served[transfer.exchange]
            if not self._waiting:
                return
            self._assign(worker, self._waiting.popitem(last=False)[1])

    def _retire(self, worker: asyncio.Task[None]) -> None:
        """A worker ended: out of work, or cancelled together with its exchange."""
        transfer = self._workers.pop(worker)
        self._served.pop(transfer.exchange, None)
        if not worker.cancelled() and (error := worker.exception()) is not None:
            _log.error("the HTTP service failed", exc_info=error)
        transfer.fail("the host gave the request up")
        if self._waiting:
            self._employ(self._waiting.popitem(last=False)[1])

    async def _serve(self, transfer: Transfer) -> None:
        """Sees one transfer to its end, whatever happens."""
        try:
            plan = plan_request(transfer.exchange, self._defaults)
            await self._answer(transfer, plan)
        except NobodyListens:
            transfer.end()
        except Failure as failure:
            transfer.fail(str(failure))
        except Exception as error:
            _log.exception("the HTTP service failed on %s", shown(transfer.exchange.url))
            transfer.fail(f"the host failed: {type(error).__name__}: {error}")

    async def _answer(self, transfer: Transfer, plan: Plan) -> None:
        if transfer.exchange.cancelled:
            raise NobodyListens
        if self._backend is None:
            from .network import Network  # aiohttp takes a third of a second: only when needed

            self._backend = Network()
        total = plan.timeouts.total
        try:
            async with asyncio.timeout(total or None):
                await self._backend.answer(transfer, plan)
        except TimeoutError:
            raise Failure(f"not done within {total:g} s (total_timeout)") from None


def _room() -> int:
    """How many connections the process may open, some descriptors left to others."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return MOST_AT_ONCE
    return min(MOST_AT_ONCE, max(limit - _SPARE_DESCRIPTORS, limit // 2, 1))
