"""Loading and closing a module whose library is mapped already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...host import Host
from ...module import Module
from ..calls import Call
from ..reach import Reach
from ..sampling import Contestant
from ..trial import PART, Trial, agree, contestants
from ..workshop import Workshop


@contextmanager
def _prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    """The workshop's peers keep the library mapped."""
    with Host() as host:
        library = shop.libraries.filter
        module = host.load("filter", library)
        callbacks = module.callbacks
        module.close()
        agree({"mesibo_abi": sorted(callbacks), "filter.c": ["on_message"]}, library)
        agree({"raw C": shop.raw.load_and_close(3), "none of them failed": 0}, library)
        ours = Call('load("filter", library).close()', {"load": host.load, "library": library})
        raw = Call("0", own_loop=shop.raw.load_and_close)
        script = Call('load("none", Module).close()', {"load": host.load, "Module": Module})
        calls = {"mesibo_abi": ours, "raw C": raw, f"{PART}a module that has none": script}
        yield contestants(shop, calls)


TRIALS = (
    Trial(
        "load",
        "load and close, library already mapped",
        "`host.load(name, library).close()`; raw C calls dlopen, dlsym, init, cleanup and dlclose.",
        _prepare,
        (Reach((1.5, 1.5), against="raw C"),),
    ),
)
