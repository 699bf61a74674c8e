"""Python calls `on_message`: with the GIL and without, and with params from keywords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from ...bridge.values import Message
from ..calls import Call, Given
from ..messages import USUAL, messages
from ..peers.base import Peer
from ..reach import Reach
from ..sampling import Contestant
from ..trial import PART, Prepare, Trial, agree, contestants
from ..workshop import Workshop


def _prepare(way: str, parts: Mapping[str, Call] = MappingProxyType({})) -> Prepare:
    """`way` is the name of the method of peers."""

    def call_of(peer: Peer, given: Given) -> Call | None:
        call: Call | None = getattr(peer, way)(given)
        return call

    @contextmanager
    def prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
        for given in messages():
            results = {
                peer.name: int(call.result())
                for peer in shop.peers
                if (call := call_of(peer, given)) is not None
            }
            agree(results, given)
        calls = {peer.name: call_of(peer, USUAL) for peer in shop.peers}
        yield contestants(shop, {**calls, **parts})

    return prepare


_MESSAGE = Call(
    "Message(payload, to=to, from_=from_, id=id_)",
    {
        "Message": Message,
        "payload": USUAL.payload,
        "to": USUAL.to,
        "from_": USUAL.from_,
        "id_": USUAL.id,
    },
)

TRIALS = (
    Trial(
        "call",
        "`module.on_message(message)`, GIL held",
        "A message that is there already, to a module loaded with `hold_gil=True`.",
        _prepare("held"),
        (
            Reach((1.4, 1.7), against="C extension"),
            Reach((1.4, 1.7), against="C extension, checks"),
            Reach((0.55, 0.62), against="nanobind"),
            Reach((0.13, 0.13), against="cffi API"),
            Reach((0.03, 0.03), against="ctypes"),
        ),
    ),
    Trial(
        "call-released",
        "the same with the GIL released",
        "The same, to a module loaded without; cffi and ctypes release the GIL in any case.",
        _prepare("released"),
        (
            Reach((1.1, 1.1), against="C extension"),
            Reach((1.1, 1.1), against="C extension, checks"),
        ),
    ),
    Trial(
        "keywords",
        "params from keywords, and the call",
        "`module.on_message(Message(payload, to=..., from_=..., id=...))`, GIL held. The extension "
        "and nanobind fill in a struct on the stack; the extension with checks makes an object.",
        _prepare("fields", {f"{PART}the message": _MESSAGE}),
        (
            Reach((1.5, 1.5), against="C extension"),
            Reach((1.5, 1.5), against="C extension, checks"),
            Reach((0.3, 0.3), against="nanobind"),
            Reach((0.05, 0.05), against="cffi API"),
        ),
    ),
)
