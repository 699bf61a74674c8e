"""Batches: `host.process_batch` on Arrow columns, against a loop in C over the same."""

from __future__ import annotations

import ctypes
import os
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from ...host import Host
from ..peers import INSTALL
from ..peers.with_ctypes import params_of
from ..reach import Kind, Reach
from ..sampling import Contestant, Plan
from ..trial import PART, Prepare, Trial, agree
from ..workshop import Workshop

COPYING = "raw C, each message copied"
PLAIN = "raw C, no copies"
TWO = "mesibo_abi, two threads"
CHECKED = f"{PART}raw C, with checks"
LENDING = "mesibo_abi, zero_copy"
_AT_LEAST = 1 << 18  # bytes and messages in a sample, in the order of


def absent() -> str | None:
    """Why there is nothing to measure."""
    if find_spec("pyarrow") is None:
        return f"pyarrow is not installed; {INSTALL}"
    return None


def record_batch(size: int, count: int) -> Any:
    """Messages of that size; one in eight is consumed."""
    # NumPy, which comes with it, would start threads that spin beside what is timed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import pyarrow

    chosen = random.Random(size)
    payloads = [
        (b"!" if chosen.random() < 0.125 else b"m") + chosen.randbytes(size - 1)
        for _ in range(count)
    ]
    return pyarrow.RecordBatch.from_arrays(
        [
            pyarrow.array(payloads, pyarrow.binary()),
            pyarrow.array(["bob"] * count, pyarrow.string()),
            pyarrow.array(["alice"] * count, pyarrow.string()),
        ],
        names=["message", "to", "from"],
    )


class _Loop:
    """A loop in C over the columns of a batch; `call` has the arguments but for the rounds."""

    def __init__(self, batch: Any, codes: Any, call: Callable[..., None], *arguments: Any) -> None:
        self.codes = codes
        self._kept = batch
        self._call, self._arguments = call, arguments

    def __call__(self) -> list[int]:
        """All of it once; the codes."""
        self._call(*self._arguments, 1)
        return list(self.codes)

    def rounds(self, messages: int) -> None:
        """So many messages, in whole batches."""
        self._call(*self._arguments, messages // len(self.codes))


def _codes_for(batch: Any) -> Any:
    return (ctypes.c_int8 * batch.num_rows)()


def _room_for(*columns: Any) -> Any:
    """Of any row of them, each text with a NUL."""
    return ctypes.create_string_buffer(sum(max(map(len, c.to_pylist())) + 1 for c in columns))


def raw_batch(shop: Workshop, batch: Any, *, copying: bool) -> _Loop:
    """Calls, and nothing else."""
    payload = batch.column(0)
    _, offsets, data = payload.buffers()
    return _Loop(
        batch,
        codes := _codes_for(batch),
        shop.raw.lib.raw_batch,
        shop.raw.module,
        params_of("bob", "alice", 7),
        data.address,
        offsets.address,
        batch.num_rows,
        _room_for(payload) if copying else None,
        codes,
    )


def checked_batch(shop: Workshop, batch: Any) -> _Loop:
    """With what a host does at each call: its own copies of the addresses, read from their columns,
    and a look at the struct and the message behind it."""
    texts = [column.buffers() for column in batch.columns]
    pointers = ctypes.c_void_p * len(texts)
    return _Loop(
        batch,
        codes := _codes_for(batch),
        shop.raw.lib.raw_checked_batch,
        shop.raw.module,
        pointers(*(data.address for _, _, data in texts)),
        pointers(*(offsets.address for _, offsets, _ in texts)),
        batch.num_rows,
        _room_for(*batch.columns),
        codes,
    )


def _prepare(size: int, count: int) -> Prepare:
    @contextmanager
    def prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
        with Host() as host, Host() as lending:
            host.load("filter", shop.libraries.filter)
            lending.load("filter", shop.libraries.filter, zero_copy=True)
            batch = record_batch(size, count)
            copying = raw_batch(shop, batch, copying=True)
            plain = raw_batch(shop, batch, copying=False)
            checked = checked_batch(shop, batch)
            results = {
                COPYING: copying(),
                PLAIN: plain(),
                CHECKED: checked(),
                "mesibo_abi": list(host.process_batch(batch).results),
                LENDING: list(lending.process_batch(batch).results),
            }
            agree(results, f"{count} of {size} bytes")
            rounds = max(1, _AT_LEAST // (count * max(1, size // 16)))

            def through(host: Host) -> Callable[[int], None]:
                def ours(messages: int) -> None:
                    for _ in range(messages // count):
                        host.process_batch(batch)

                return ours

            yield [
                Contestant("mesibo_abi", through(host), count=count * rounds),
                Contestant(LENDING, through(lending), count=count * rounds),
                Contestant(COPYING, copying.rounds, count=count * rounds),
                Contestant(PLAIN, plain.rounds, count=count * rounds),
                Contestant(CHECKED, checked.rounds, count=count * rounds),
            ]

    return prepare


@contextmanager
def _prepare_threads(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    """Two threads that share a batch, against one."""
    with Host() as host, ThreadPoolExecutor(2) as pool:
        host.load("filter", shop.libraries.filter, thread_safe=True)
        size, count = 256, 100_000
        batch = record_batch(size, count)
        process = host.process_batch
        one, two = process(batch).results, process(batch, threads=2).results
        agree({"mesibo_abi": list(one), TWO: list(two)}, f"{count} of {size} bytes")
        raw = [raw_batch(shop, record_batch(size, count // 2), copying=True) for _ in range(2)]

        def one_thread(_: int) -> None:
            for each in raw:
                each.rounds(count // 2)

        def two_threads(_: int) -> None:
            list(pool.map(lambda each: each.rounds(count // 2), raw))

        yield [
            Contestant("mesibo_abi", lambda _: process(batch), count=count),
            Contestant(TWO, lambda _: process(batch, threads=2), count=count),
            Contestant(f"{PART}raw C, one thread", one_thread, count=count),
            Contestant(f"{PART}raw C, two threads", two_threads, count=count),
        ]


_BATCH = Plan(samples=40)
_QUICK = Plan(samples=8, retries=4)
_WHAT = (
    "`host.process_batch` of {count:,} messages of {size} bytes in Arrow columns, one native "
    "module; time for a message. Raw C calls through the pointer, with the same params for all."
)


def _trial(name: str, title: str, size: int, count: int, *reaches: Reach) -> Trial:
    return Trial(
        name,
        title,
        _WHAT.format(count=count, size=size),
        _prepare(size, count),
        reaches,
        _BATCH,
        _QUICK,
        absent,
    )


_RATES = (
    Reach((0.95, 0.95), against=COPYING, kind=Kind.RATE),
    Reach((0.95, 0.95), of=LENDING, against=PLAIN, kind=Kind.RATE),
)

TRIALS = (
    *(
        _trial(f"batch-{size}", f"batch of 10,000, {size} bytes each", size, 10_000, *_RATES)
        for size in (16, 256, 4096)
    ),
    _trial(
        "batch-small",
        "batch of 64, 16 bytes each",
        16,
        64,
        Reach((4, 4), kind=Kind.NANOSECONDS),
    ),
    Trial(
        "batch-threads",
        "two threads over one batch",
        "100,000 messages of 256 bytes to a module loaded with `thread_safe=True`: "
        "`threads=2` against one thread.",
        _prepare_threads,
        (Reach((1.8, 1.8), of=TWO, against="mesibo_abi", kind=Kind.RATE),),
        _BATCH,
        _QUICK,
        absent,
    ),
)
