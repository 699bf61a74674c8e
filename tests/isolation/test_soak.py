"""An hour's work in short: 100,000 messages, and a module that ends its process in one of a
thousand. Every message has its verdict or its report, once, and nothing is left."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mesibo_abi import Host, Message, ModuleCrashed, Result
from tests.conftest import Built
from tests.isolation.left import Left
from tests.slopes import heap
from tests.tools import needs

pytestmark = [needs("cc"), pytest.mark.slow]

COUNT = 100_000
EVERY = 1000
THREADS = 4
BATCH = 500
MOST = 40  # bytes of the heap, a message: less than a record of it would take
WAYS = (
    signal.SIGSEGV,
    signal.SIGABRT,
    None,
    signal.SIGKILL,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGABRT,
    None,
    signal.SIGSEGV,
)
"""The signals of tests/modules/soak.c, in turn."""


@dataclass
class Ledger:
    """What the host said of each message, by its id."""

    results: dict[int, Result] = field(default_factory=dict)
    ends: dict[int, signal.Signals | None] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)

    def note(self, number: int, result: Result, error: Exception | None) -> None:
        """Once for each."""
        assert number not in self.results
        self.results[number] = result
        if error is not None:
            assert isinstance(error, ModuleCrashed), error
            assert error.message is not None
            assert error.message.id == number
            self.ends[number] = error.signal


def message(number: int) -> Message:
    return Message(f"message {number}", to="bob", from_="alice", id=number)


def one_by_one(host: Host, numbers: Iterable[int]) -> Ledger:
    ledger = Ledger()
    for number in numbers:
        verdict = host.process(message(number))
        ledger.note(number, verdict.result, verdict.error)
        ledger.sent += [sent.id for sent in verdict.sent]
    return ledger


def in_batches(host: Host, numbers: Sequence[int]) -> Ledger:
    ledger = Ledger()
    for first in range(0, len(numbers), BATCH):
        part = numbers[first : first + BATCH]
        done = host.process_batch([message(number) for number in part])
        for row, number in enumerate(part):
            ledger.note(number, Result(done.results[row]), done.errors.get(row))
        ledger.sent += [sent.id for _, sent in done.sent]
    return ledger


def on_threads(
    work: Callable[[Host, Sequence[int]], Ledger], host: Host, numbers: Sequence[int]
) -> list[Ledger]:
    """Each has its share of them, all at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        shares = [numbers[first::THREADS] for first in range(THREADS)]
        return list(pool.map(lambda share: work(host, share), shares))


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def recorded(path: Path) -> bytes:
    """How often a module saw each message."""
    return path.read_bytes()


@pytest.mark.unsanitized(reason="counts what libc's malloc has given: a sanitizer has its own")
def test_a_hundred_thousand_messages(built: Built, tmp_path: Path) -> None:
    records = [tmp_path / name for name in ("before", "behind")]
    for path in records:
        path.write_bytes(bytes(COUNT))
    ends, behind = (
        built("soak", f'-DRECORD="{path}"', f"-DEVERY={every}")
        for path, every in zip(records, (EVERY, 0), strict=True)
    )
    before, tasks = Left.now(), threads()
    quarter = COUNT // 4
    quarters = [range(first, first + quarter) for first in range(0, COUNT, quarter)]
    with Host() as host:
        module = host.load("ends", ends, isolated=True, restart="always")
        host.load("behind", behind)
        ledgers = [one_by_one(host, quarters[0])]
        gc.collect()
        warm = heap()
        ledgers += on_threads(one_by_one, host, quarters[1])
        ledgers += [in_batches(host, quarters[2])]
        ledgers += on_threads(in_batches, host, quarters[3])
        counts = {stats.name: stats for stats in host.stats()}
        assert list(host.sent) == []
        assert host.dropped == (0, 0, 0)
        assert len(module.crashes) > 0
    sent = sorted(number for ledger in ledgers for number in ledger.sent)
    results = {number: r for ledger in ledgers for number, r in ledger.results.items()}
    ended = {number: s for ledger in ledgers for number, s in ledger.ends.items()}
    bad = list(range(EVERY - 1, COUNT, EVERY))
    assert sum(len(ledger.results) for ledger in ledgers) == len(results) == COUNT
    assert sorted(ended) == bad
    assert ended == {number: WAYS[i % len(WAYS)] for i, number in enumerate(bad)}
    assert {number for number, result in results.items() if result is not Result.PASS} == set(bad)
    # From the module itself, and from the one behind it: once each, and not those that it ended in.
    assert recorded(records[0]) == b"\1" * COUNT
    passed = bytearray(b"\1" * COUNT)
    for number in bad:
        passed[number] = 0
    assert recorded(records[1]) == bytes(passed)
    assert sent == sorted([*range(COUNT), *(set(range(COUNT)) - set(bad))])
    assert counts["ends"].failed == len(bad)
    del ledgers, results, ended, sent, passed, counts, host, module
    gc.collect()
    assert Left.now() == before
    assert threads() == tasks
    assert heap() - warm < MOST * COUNT
