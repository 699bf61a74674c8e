"""A message through a chain of three native modules, and what a module in Python adds to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ...bridge.values import Message
from ...host import Host
from ...module import Module
from ...types import Result
from ..calls import Call
from ..messages import USUAL, messages
from ..peers.ours import message_of
from ..reach import Reach
from ..sampling import Contestant
from ..trial import PART, Trial, agree, contestants
from ..workshop import Workshop

HELD = "mesibo_abi"
EMPTY_CHAIN = f"{PART}process without a module"
RELEASED = "mesibo_abi, GIL released"


def _chain(opened: ExitStack, libraries: Sequence[Path], *, hold_gil: bool) -> Host:
    host = opened.enter_context(Host())
    for library in libraries:
        host.load("filter", library, hold_gil=hold_gil)
    return host


@contextmanager
def _prepare_three(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    """Peers call one module three times; the check of their results is that of `call`."""
    with ExitStack() as opened:
        three = [shop.libraries.filter] * 3
        hosts = {
            HELD: _chain(opened, three, hold_gil=True),
            RELEASED: _chain(opened, three, hold_gil=False),
        }
        for given in messages():
            results: dict[str, object] = {
                name: int(host.process(message_of(given)).result) for name, host in hosts.items()
            }
            call = shop.raw.held(given)
            agree({**results, "raw C": call.result()}, given)
        message = message_of(USUAL)
        hosts[EMPTY_CHAIN] = opened.enter_context(Host())
        calls = {
            name: Call("process(message)", {"process": host.process, "message": message})
            for name, host in hosts.items()
        }
        others = {
            peer.name: peer.held(USUAL)
            for peer in shop.peers
            if peer is not shop.ours and peer is not shop.raw
        }
        yield [*contestants(shop, calls), *contestants(shop, others, times=3)[2:]]


class Looks(Module):
    """The same work as filter.c."""

    def on_message(self, message: Message) -> Result:
        """Looks at the first byte."""
        return Result.CONSUMED if message.payload[:1] == b"!" else Result.PASS


METHOD = "its method, called from Python"
ADDED = "mesibo_abi, added to a chain"
WITHOUT = f"{PART}a chain without it"
ALONE = "mesibo_abi, process, verdict included"
CALLED = "mesibo_abi, module.on_message"


@contextmanager
def _prepare_script(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with ExitStack() as opened:
        looks = Looks()
        native = [shop.libraries.filter]
        without = _chain(opened, native, hold_gil=True)
        with_it = _chain(opened, native, hold_gil=True)
        alone = _chain(opened, [], hold_gil=True)
        with_it.load("looks", Looks())
        loaded = alone.load("looks", looks)
        for given in messages():
            message = message_of(given)
            results = {
                METHOD: int(looks.on_message(message)),
                ADDED: int(with_it.process(message).result),
                ALONE: int(alone.process(message).result),
                CALLED: int(loaded.on_message(message)),
                "filter.c": shop.raw.held(given).result(),
            }
            agree(results, given)
        message = message_of(USUAL)
        lines = {
            METHOD: ("on_message(message)", "on_message", looks.on_message),
            CALLED: ("on_message(message)", "on_message", loaded.on_message),
            ALONE: ("process(message)", "process", alone.process),
            WITHOUT: ("process(message)", "process", without.process),
        }
        calls = {
            name: Call(body, {called: function, "message": message})
            for name, (body, called, function) in lines.items()
        }
        added = Call("process(message)", {"process": with_it.process, "message": message})
        yield [
            *contestants(shop, calls),
            Contestant(ADDED, added.loop(), net_of=WITHOUT),
        ]


TRIALS = (
    Trial(
        "chain",
        "`host.process(message)`, three native modules",
        "The verdict included, all modules loaded with `hold_gil=True`; peers make three calls.",
        _prepare_three,
        (
            Reach((3, 3), against="C extension"),
            Reach((3, 3), against="C extension, checks"),
        ),
    ),
    Trial(
        "script",
        "a module in Python, in the chain",
        "What a message takes longer through a native module and one in Python than through the "
        "native one alone; and the whole of `host.process` with the Python module alone.",
        _prepare_script,
        (
            Reach((1.3, 1.3), of=ADDED, against=METHOD),
            Reach((1.3, 1.3), of=ALONE, against=METHOD),
        ),
    ),
)
