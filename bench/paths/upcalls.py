"""A module calls into Python: on the thread of the call, and from a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..calls import Call
from ..peers.base import How, Seen, handler_of, request
from ..reach import Reach
from ..sampling import Contestant
from ..trial import PART, Prepare, Trial, agree, contestants
from ..workshop import Workshop


def _prepare(how: How) -> Prepare:
    @contextmanager
    def prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
        results: dict[str, object] = {}
        for peer in shop.peers:
            seen: Seen = []
            calling = peer.upcalls(how, seen)
            if calling is not None:
                calling(3)
                results[peer.name] = seen
        agree(results, [request(how)] * 3)
        elapsed = shop.elapsed()
        handler = Call("handler(None, None)", {"handler": handler_of(None)})
        yield [
            Contestant(peer.name, calling, elapsed=elapsed)
            for peer in shop.peers
            if (calling := peer.upcalls(how, None)) is not None
        ] + contestants(shop, {f"{PART}the handler, called from Python": handler})

    return prepare


_SAME = (
    "`mod->send_message` to a handler in Python that returns 0; it gets a message with the bytes, "
    "of cffi and ctypes the bytes alone. Timed by the module, around its loop."
)

TRIALS = (
    Trial(
        "upcall",
        "module to Python callable, GIL held",
        f"{_SAME} cffi and ctypes have released the GIL all the same.",
        _prepare(How.HELD),
        (
            Reach((1.1, 1.1), against="C extension"),
            Reach((0.08, 0.08), against="cffi API"),
        ),
    ),
    Trial(
        "upcall-released",
        "module to Python callable, GIL released",
        f"{_SAME} The extension takes the GIL with PyGILState.",
        _prepare(How.RELEASED),
        (
            Reach((1.1, 1.1), against="C extension"),
            Reach((0.17, 0.17), against="cffi API"),
        ),
    ),
    Trial(
        "upcall-thread",
        "a module's own thread to Python",
        f"{_SAME} The extension attaches the thread to Python once, and so does cffi.",
        _prepare(How.THREAD),
        (Reach((0.2, 0.2), against="cffi API"),),
    ),
)
