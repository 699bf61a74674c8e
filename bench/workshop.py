"""Everything that paths need: the modules, the peers, the probe; compiled and opened."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .clock import Clock, CoreClock
from .compiling import Part, compiled, native
from .peers import PEERS, missing
from .peers.base import Libraries, Peer
from .peers.ours import Ours
from .peers.raw import Raw

P = TypeVar("P", bound=Peer)

_HIDDEN = ("-fvisibility=hidden",)
_MODULES = tuple(
    Part(f"mesibo_mod_{name}.so", native(f"{name}.c"), flags=(*_HIDDEN, "-g"))
    for name in ("filter", "caller", "fetcher", "crasher")
)
_PROBE = Part("probe.so", native("probe.c"))


@dataclass(frozen=True, slots=True)
class Workshop:
    """`missing` is a sentence for each peer that is not here. `quick`: fewer samples."""

    libraries: Libraries
    peers: tuple[Peer, ...]
    missing: tuple[str, ...]
    clock: Clock
    quick: bool

    def peer(self, kind: type[P]) -> P:
        """The peer of that class, one that cannot be missing."""
        (found,) = (peer for peer in self.peers if type(peer) is kind)
        assert isinstance(found, kind)
        return found

    @property
    def ours(self) -> Ours:
        """This package."""
        return self.peer(Ours)

    @property
    def raw(self) -> Raw:
        """C alone."""
        return self.peer(Raw)

    def elapsed(self) -> Callable[[], int]:
        """What the module `caller` says of its last loop, in nanoseconds."""
        library = ctypes.CDLL(str(self.libraries.caller))
        word = ctypes.c_int64.in_dll(library, "mesibo_bench_elapsed")
        return lambda: word.value


def compile_all(say: Callable[[str], object] = lambda _: None) -> tuple[Libraries, Path]:
    """Compiles what is not in the cache; several compilers at once. Also returns the probe."""
    absent = missing()
    there = [peer for peer in PEERS if peer.name not in absent]
    say("compiling what is not in the cache")
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        peers = [pool.submit(peer.compile) for peer in there]
        modules = list(pool.map(compiled, _MODULES))
        probe = compiled(_PROBE)
        for each in peers:
            each.result()
    return Libraries(*modules), probe


@contextmanager
def open_workshop(
    *, quick: bool = False, say: Callable[[str], object] = lambda _: None
) -> Iterator[Workshop]:
    """Compiles, opens, and closes at the end."""
    absent = missing()
    libraries, probe = compile_all(say)
    peers: list[Peer] = []
    try:
        peers += (peer(libraries) for peer in PEERS if peer.name not in absent)
        yield Workshop(libraries, tuple(peers), tuple(absent.values()), CoreClock(probe), quick)
    finally:
        for peer in reversed(peers):
            peer.close()
