"""Turns at a peer: how many are let through, and who waits for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from mesibo_abi.services import turns
from mesibo_abi.services.turns import AT_ONCE, Turns


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 20))


def test_only_so_many_at_once_and_all_in_the_end() -> None:
    inside = most = done = 0

    async def connect(here: Turns, peer: str) -> None:
        nonlocal inside, most, done
        async with here.at(peer, 10):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
        done += 1

    async def main() -> None:
        here = Turns()
        await asyncio.gather(*(connect(here, "peer") for _ in range(5 * AT_ONCE)))

    run(main())
    assert (most, done) == (AT_ONCE, 5 * AT_ONCE)


@pytest.fixture
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "AT_ONCE", 1)


def test_peers_do_not_wait_for_each_other(one_at_once: None) -> None:
    async def main() -> None:
        here = Turns()
        async with here.at("dead", 0), here.at("alive", 0.05):
            pass

    run(main())


def test_a_wait_goes_on_while_others_get_through(one_at_once: None) -> None:
    async def connect(here: Turns) -> None:
        async with here.at("peer", 1.5):
            await asyncio.sleep(0.25)

    async def main() -> None:
        here = Turns()
        await asyncio.gather(*(connect(here) for _ in range(8)))

    run(main())


def test_a_wait_ends_where_nobody_gets_through(one_at_once: None) -> None:
    async def main() -> None:
        here = Turns()
        async with here.at("peer", 0):
            with pytest.raises(TimeoutError):
                async with here.at("peer", 0.05):
                    pytest.fail("it was let through")

    run(main())


def test_the_time_bounds_the_connecting_itself() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with Turns().at("peer", 0.05):
                await asyncio.sleep(20)

    run(main())


def test_a_failure_gives_the_turn_back(one_at_once: None) -> None:
    async def main() -> None:
        here = Turns()
        with pytest.raises(OSError, match="refused"):
            async with here.at("peer", 1):
                raise OSError("refused")
        async with here.at("peer", 1):
            pass

    run(main())
