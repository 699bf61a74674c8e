"""Requests over HTTP, through a module and by aiohttp alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from ...bridge.values import Message
from ...errors import Error
from ...host import Host
from ..reach import Kind, Reach
from ..sampling import Contestant, Plan
from ..trial import Trial
from ..workshop import Workshop

AT_ONCE = 64
_SERVER = Path(__file__).resolve().parent.parent / "http_server.py"
_PATIENCE = 60.0  # seconds


@contextmanager
def _server() -> Iterator[str]:
    """In a process of its own; gives its URL."""
    with subprocess.Popen(
        [sys.executable, str(_SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def _get_all(session: aiohttp.ClientSession, url: str, count: int) -> None:
    """So many requests, AT_ONCE under way."""
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            async with session.get(url) as response:
                await response.read()
                assert response.status == 200

    await asyncio.gather(*(work() for _ in range(min(AT_ONCE, count))))


@contextmanager
def _prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with _server() as url, Host() as host, asyncio.Runner() as runner:
        module = host.load("fetcher", shop.libraries.fetcher)
        session = runner.run(_session())

        def ours(count: int) -> None:
            module.on_message(Message(url, id=count, refid=min(AT_ONCE, count)))
            if not host.wait_idle(_PATIENCE):
                raise Error("the benchmark's requests did not end", hint="run it again")

        def bare(count: int) -> None:
            runner.run(_get_all(session, url, count))

        ours(3)
        if module.on_message(Message(url)) != 0:  # it says whether one failed
            raise Error("the benchmark's requests failed", hint="is loopback there? run it again")
        count = 500 if shop.quick else 2000
        try:
            yield [
                Contestant("mesibo_abi", ours, count=count),
                Contestant("aiohttp", bare, count=count),
            ]
        finally:
            runner.run(session.close())


TRIALS = (
    Trial(
        "http",
        "`http`: requests a second through a module",
        f"{AT_ONCE} requests of 16 bytes at once, to a server in another process, on loopback.",
        _prepare,
        (Reach((0.9, 0.9), against="aiohttp", kind=Kind.RATE),),
        plan=Plan(samples=9, gate=1.5, retries=1),
        quick=Plan(samples=3, gate=1.5, retries=0),
    ),
)
