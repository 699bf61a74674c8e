"""Modules of all revisions and Python in one chain."""

from __future__ import annotations

from itertools import cycle, islice, product

import pytest

from mesibo_abi import Host, LoadedModule, Message, Module, Result, Revision

from ..conftest import Built
from .conftest import Sdk

MANY = 1_000_000


class Route(Module):
    """As tests/modules/sdk/route.c: consumes what its number divides."""

    def on_message(self, message: Message) -> Result:
        number = int(self.config["number"])
        consumed = bool(message.payload) and message.payload[-1] % number == 0
        return Result.CONSUMED if consumed else Result.PASS


def composed(
    modules: tuple[LoadedModule, ...], message: Message
) -> tuple[Result, LoadedModule | None]:
    """By hand, of the modules run alone: the first that does not pass decides."""
    for module in modules:
        result = module.on_message(message)
        if result is not Result.PASS:
            return result, module
    return Result.PASS, None


@pytest.mark.slow
@pytest.mark.parametrize("hold_gil", [False, True])
def test_a_million_messages(sdk: Sdk, built: Built, hold_gil: bool) -> None:
    """The verdicts are those of the modules run alone, composed by hand."""
    with Host() as host:
        natives = [
            host.load(f"{n}", sdk(revision, "route"), config={"number": f"{n}"}, hold_gil=hold_gil)
            for n, revision in ((3, Revision.SDK2019), (7, Revision.SDK2020))
        ]
        doc = host.load("doc", built("result"), hold_gil=hold_gil)
        python = host.load("python", Route, config={"number": "5"})
        messages = [Message(b"%c;%c" % pair) for pair in product(b"01", range(256))]
        expected = [composed(host.modules, message) for message in messages]
        assert {by for _, by in expected} == {None, *natives, doc, python}
        for message, (result, by) in islice(cycle(zip(messages, expected, strict=True)), MANY):
            verdict = host.process(message)
            assert verdict.result is result
            assert verdict.by is by
