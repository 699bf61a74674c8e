"""Modules of all revisions and Python in one chain."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle, islice

import pytest

from mesibo_abi import Host, LoadedModule, Message, Module, OnFailure, Result, Revision

from ..conftest import Built
from .conftest import UNTAGGED, UNTOLD, VENDOR, Sdk

MANY = 1_000_000
DISTINCT = 10_000

Load = Callable[[Host], LoadedModule]


class Route(Module):
    """As tests/modules/sdk/route.c."""

    def on_message(self, message: Message) -> Result:
        rest = sum(message.payload) % int(self.config["number"])
        return {0: Result.CONSUMED, 1: Result.FAIL}.get(rest, Result.PASS)


class Reverse(Module):
    """Rewrites, from Python."""

    def on_message(self, message: Message) -> Result:
        self.rewrite(message.payload[::-1])
        return Result.PASS


def composed(
    alone: list[Host], payload: bytes, on_failure: OnFailure
) -> tuple[Result, str | None, bytes]:
    """By hand, of modules that are each in a host of its own: what each makes of the message goes
    to the next one, up to the first that does not pass it."""
    for host in alone:
        verdict = host.process(Message(payload))
        assert verdict.message is not None
        payload = verdict.message.payload
        if verdict.result is Result.CONSUMED or (
            verdict.result is Result.FAIL and on_failure is OnFailure.STOP
        ):
            return verdict.result, host.modules[0].name, payload
    return Result.PASS, None, payload


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "hold_gil", "on_failure"),
    [
        (UNTOLD, False, OnFailure.STOP),
        (UNTOLD, True, OnFailure.PASS),
        ((UNTAGGED,), True, OnFailure.STOP),
    ],
)
def test_a_million_messages(
    sdk: Sdk, built: Built, options: tuple[str, ...], hold_gil: bool, on_failure: OnFailure
) -> None:
    """The verdicts are those of the modules run alone, composed by hand. They are built as the
    vendor's make builds them, and have nothing of ours in them."""

    def native(name: str, revision: Revision, source: str, number: int = 0) -> Load:
        path = sdk(revision, source, *options, command=VENDOR)
        config = {"number": f"{number}"} if number else None
        return lambda host: host.load(name, path, config=config, hold_gil=hold_gil)

    def python(name: str, module: type[Module], number: int = 0) -> Load:
        config = {"number": f"{number}"} if number else None
        return lambda host: host.load(name, module, config=config)

    loads: list[Load] = [
        native("2019", Revision.SDK2019, "route", 13),
        native("stir", Revision.SDK2020, "stir"),
        lambda host: host.load("doc", built("route", *options), hold_gil=hold_gil),
        native("2020", Revision.SDK2020, "route", 7),
        python("reverse", Reverse),
        native("stir again", Revision.SDK2020, "stir"),
        native("2019 again", Revision.SDK2019, "route", 9),
        python("python", Route, 5),
    ]
    noise = random.Random(MANY)
    sizes = (n % 40 if n % 16 else 1000 + n % 3 for n in range(DISTINCT))
    payloads = [noise.randbytes(size) + n.to_bytes(2, "big") for n, size in enumerate(sizes)]
    with ExitStack() as hosts:
        alone = [hosts.enter_context(Host()) for _ in loads]
        for host, load in zip(alone, loads, strict=True):
            load(host)
        expected = [composed(alone, payload, on_failure) for payload in payloads]
    # Every module decides some of them in every way that it can, and some go through.
    ways = {(result, by) for result, by, _ in expected}
    routes = {"2019", "doc", "2020", "2019 again", "python"}
    failing = routes | {"stir", "stir again"} if on_failure is OnFailure.STOP else set()
    assert ways == {
        (Result.PASS, None),
        *((Result.CONSUMED, by) for by in routes),
        *((Result.FAIL, by) for by in failing),
    }
    cases = [
        (Message(before), result, by, after, before == after)
        for before, (result, by, after) in zip(payloads, expected, strict=True)
    ]
    with Host(on_failure=on_failure) as host:
        for load in loads:
            load(host)
        assert {module.revision for module in host.modules} == set(Revision)
        for message, result, by, payload, same in islice(cycle(cases), MANY):
            verdict = host.process(message)
            assert verdict.result is result
            decided, left = verdict.by, verdict.message
            assert (None if decided is None else decided.name) == by
            assert left is not None
            assert left.payload == payload
            assert (left is message) is same
            assert verdict.logs == []
