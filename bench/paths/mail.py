"""Host functions that end in the host: what a module sends and logs during a pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...bridge.values import Message
from ...host import Host
from ..reach import Kind, Reach
from ..sampling import Contestant
from ..trial import Prepare, Trial, agree
from ..workshop import Workshop

COUNT = 5000
"""In one pass: few enough that nothing is refused or dropped for the limits."""


def _prepare(request: bytes, sent: int, logged: int) -> Prepare:
    """`sent` and `logged` are how many a pass of one brings."""

    @contextmanager
    def prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
        with Host() as host:
            host.load("caller", shop.libraries.caller, hold_gil=True)

            def ours(count: int) -> object:
                return host.process(Message(request, to="bob", from_="alice", id=count))

            verdict = host.process(Message(request, to="bob", from_="alice", id=3))
            agree(
                {
                    "what is expected": (0, [request] * 3 * sent, 3 * logged),
                    "mesibo_abi": (
                        int(verdict.result),
                        [message.payload for message in verdict.sent],
                        len(verdict.logs),
                    ),
                },
                request,
            )
            raw, elapsed = shop.raw.host_calls(request), shop.elapsed()
            agree({"mesibo_abi": int(verdict.result), "raw C": raw(3)}, request)
            yield [
                Contestant("mesibo_abi", ours, elapsed=elapsed, count=COUNT),
                Contestant("raw C", raw, elapsed=elapsed, reset=shop.raw.forget, count=COUNT),
            ]

    return prepare


TRIALS = (
    Trial(
        "send",
        "send into the outbox",
        "`mod->send_message` of 16 bytes; raw C appends params, addresses and bytes to one block. "
        "Timed by the module, around its loop.",
        _prepare(b"s" * 16, 1, 0),
        (Reach((5, 5), against="raw C"),),
    ),
    Trial(
        "log",
        "log into the ring",
        '`mod->log` of `"%d bytes for %s\\n"`; raw C is vsnprintf into an array, and nothing kept.',
        _prepare(b"l" * 16, 0, 1),
        (Reach((1.1, 1.1), against="raw C"),),
    ),
    Trial(
        "log-suppressed",
        "log suppressed",
        "The same at a level that nobody wants to see; raw C compares the level and returns.",
        _prepare(b"q" * 16, 0, 0),
        (Reach((3, 3), kind=Kind.NANOSECONDS),),
    ),
)
