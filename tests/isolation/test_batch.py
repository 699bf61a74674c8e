"""Batches of an isolated module: many rows in one turn, and what came of each as if they went one
by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import mesibo_abi
from mesibo_abi import (
    ClosedError,
    Host,
    Limits,
    Message,
    ModuleCrashed,
    ModuleDown,
    ModuleHung,
    OnFailure,
)
from mesibo_abi.bridge.batch import BatchResult
from mesibo_abi.types import Batch
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc")


def told(result: BatchResult) -> tuple[object, ...]:
    """All that it says, but for times and threads."""
    return (
        list(result.results),
        list(result.by),
        [module.name for module in result.modules],
        {row: type(error).__name__ for row, error in result.errors.items()},
        result.sent,
        [(row, line.module, line.level, line.text) for row, line in result.logs],
        [message and message.payload for message in map(message_of(result), range(len(result)))],
    )


def message_of(result: BatchResult) -> Callable[[int], Message | None]:
    return lambda row: result.verdict(row).message


def both(batch: Batch, *libraries: Path, **options: Any) -> tuple[object, object]:
    """In this process, and with as many isolated as there are, from the first on: they all say the
    same, or the difference fails here."""
    found = []
    for isolated in range(len(libraries) + 1):
        with Host(**options) as host:
            for number, library in enumerate(libraries):
                host.load("m", library, isolated=number < isolated)
            first = told(host.process_batch(batch))
            found.append((first, told(host.process_batch(batch)), host.stats(), host.dropped))
    for partly in found[1:-1]:
        assert partly == found[0]
    return found[0], found[-1]


def messages(count: int) -> list[Message]:
    return [Message(f"{i}", to=f"user{i}", from_="alice", id=i) for i in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 64, 255, 256, 257, 1000])
@pytest.mark.parametrize("name", ["echo", "result", "logs", "const_write"])
def test_many_messages(built: Built, name: str, count: int) -> None:
    here, there = both(messages(count), built(name))
    assert there == here


def test_columns(built: Built) -> None:
    table = pa.table(
        {
            "message": [b"one", None, b"", b"\0four" * 1000] * 100,
            "to": ["bob", "", None, "ann"] * 100,
            "id": list(range(400)),
            "groupid": [1, 2, 3, 4] * 100,
        }
    )
    here, there = both(table, built("echo"), built("logs"))
    assert there == here


def test_a_chain(built: Built) -> None:
    """What each of them sends and logs stands in the order of the rows."""
    here, there = both(messages(300), built("echo"), built("logs"), built("echo"))
    assert there == here


def test_rows_that_are_rewritten(rewriting: Path, built: Built) -> None:
    batch = [Message(b"abc" * (i % 200), to="bob") for i in range(300)]
    here, there = both(batch, rewriting, built("echo"))
    assert there == here


def test_large_rows(built: Built) -> None:
    batch = [Message(bytes([i]) * (1 << 20), to="bob") for i in range(20)]
    here, there = both(batch, built("echo"))
    assert there == here


def test_a_small_outbox(built: Built) -> None:
    batch = [Message(b"x" * (i * 100), to="bob") for i in range(30)]
    here, there = both(batch, built("echo"), limits=Limits(outbox=1500))
    assert there == here


def test_a_struct_that_is_damaged_on_the_way(built: Built) -> None:
    batch = [Message(b"" if i != 40 else b"signature") for i in range(80)]
    here, there = both(batch, built("overwrite"))
    assert there == here


def rows_of(host: Host, hows: dict[int, str], count: int = 100) -> BatchResult:
    return host.process_batch([Message(hows.get(i, "fine"), to="bob", id=i) for i in range(count)])


def test_an_end_on_the_way(host: Host, built: Built) -> None:
    """The row fails, those before and behind it are processed once."""
    module = host.load("ends", built("ends", "-g"), isolated=True)
    result = rows_of(host, {0: "null", 37: "exit", 38: "abort", 99: "kill"})
    failed = dict(result.errors)
    assert list(failed) == [0, 37, 38, 99]
    ids = [
        error.message.id
        for error in failed.values()
        if isinstance(error, ModuleCrashed) and error.message is not None
    ]
    assert ids == [0, 37, 38, 99]
    assert list(result.results) == [-(i in failed) for i in range(100)]
    logged = [(row, line.text) for row, line in result.logs if line.text == "fine"]
    assert logged == [(i, "fine") for i in range(100) if i not in failed]
    assert len(module.crashes) == 4


def test_a_hang_on_the_way(host: Host, built: Built) -> None:
    host.load("ends", built("ends"), isolated=True, deadline=1.0)
    result = rows_of(host, {20: "sleep", 50: "loop"})
    assert {row: type(error) for row, error in result.errors.items()} == {
        20: ModuleHung,
        50: ModuleHung,
    }
    assert [line.text for _, line in result.logs].count("fine") == 98


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A module that takes 20 ms for each message."""
    source = tmp_path / "mesibo_mod_slow.c"
    source.write_text(
        """#define _DEFAULT_SOURCE
#include "module.h"
#include <unistd.h>
static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    usleep(20000);
    return MESIBO_RESULT_PASS;
}
int mesibo_module_slow_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
"""
    )
    return mesibo_abi.build(source)


def test_each_row_has_its_own_time(host: Host, slow: Path) -> None:
    host.load("slow", slow, isolated=True, deadline=2.0)
    assert dict(host.process_batch(messages(150)).errors) == {}


def test_a_module_that_is_down(built: Built) -> None:
    with Host(on_failure=OnFailure.PASS) as host:
        host.load("ends", built("ends"), isolated=True, restart="never")
        host.load("echo", built("echo"))
        result = host.process_batch(
            [Message("null" if i == 5 else "fine", to="bob", id=i) for i in range(20)]
        )
        types = [type(result.errors[row]) for row in range(5, 20)]
        assert types == [ModuleCrashed] + [ModuleDown] * 14
        assert [message.id for _, message in result.sent] == list(range(20))


def test_handlers_get_each_row_at_once(built: Built) -> None:
    heard: list[int] = []

    def send(module: object, message: Message) -> int:
        heard.append(message.id)
        return 0

    with Host(send=send) as host:
        host.load("echo", built("echo"), isolated=True)
        host.process_batch(messages(100))
    assert heard == list(range(100))


def test_times_are_those_of_each_callback(slow: Path) -> None:
    with Host(latencies=True) as timed:
        timed.load("slow", slow, isolated=True)
        timed.process_batch(messages(20))
        (stats,) = timed.stats()
        assert stats.latency is not None
        assert stats.latency.count == 20
        assert stats.latency.p50 >= 15_000_000  # of the 20 ms that each sleeps at least


@pytest.mark.parametrize("on_failure", OnFailure)
def test_a_chain_whose_first_modules_decide(
    rewriting: Path, built: Built, on_failure: OnFailure
) -> None:
    """Each sees what the one before it passes on, as it left it: codes of all sorts, messages that
    are rewritten, and such as are written into where they are const."""
    texts = ["0", "1", "-1", "7", "0 and more", "words"]
    batch = [Message(f"{texts[i * 7 % 6]}", to=f"user{i}", id=i) for i in range(600)]
    here, there = both(
        batch,
        built("result"),
        built("ends"),  # which logs each
        rewriting,
        built("const_write"),
        built("echo"),
        on_failure=on_failure,
    )
    assert there == here


@pytest.mark.parametrize("on_failure", OnFailure)
def test_ends_in_a_chain(built: Built, on_failure: OnFailure) -> None:
    """Each row is processed once by each module that it comes to, whichever ends on the way."""
    hows = {3: "null", 40: "abort", 41: "null", 99: "exit"}
    with Host(on_failure=on_failure) as host:
        first = host.load("first", built("ends"), isolated=True)
        second = host.load("second", built("ends"), isolated=True)
        host.load("echo", built("echo"), isolated=True)
        result = rows_of(host, hows)
    passed_on = on_failure is OnFailure.PASS
    assert list(result.errors) == sorted(hows)
    assert len(first.crashes) == 4
    assert len(second.crashes) == (4 if passed_on else 0)
    logged = [(row, line.module) for row, line in result.logs if line.text == "fine"]
    fine = [row for row in range(100) if row not in hows]
    assert logged == [(row, name) for row in fine for name in ("first", "second")]
    assert [row for row, _ in result.sent] == (list(range(100)) if passed_on else fine)


def test_only_the_second_ends(host: Host, built: Built) -> None:
    host.load("logs", built("echo"), isolated=True)
    module = host.load("ends", built("ends"), isolated=True)
    host.load("echo", built("echo"))
    batch = [Message("null" if i % 30 == 7 else "fine", to="bob", id=i) for i in range(300)]
    result = host.process_batch(batch)
    failed = list(range(7, 300, 30))
    assert list(result.errors) == failed
    assert len(module.crashes) == len(failed)
    sent = [(row, message.id) for row, message in result.sent]
    fine = [row for row in range(300) if row not in failed]
    assert sent == sorted([(row, row) for row in range(300)] + [(row, row) for row in fine])


def test_one_that_is_closed_while_batches_run(host: Host, built: Built) -> None:
    """They look at it no longer: whoever closes it frees what they would see. (Only ThreadSanitizer
    sees when they do.)"""
    host.load("echo", built("echo"), isolated=True)
    stop = threading.Event()

    def batches() -> None:
        while not stop.is_set():
            result = host.process_batch(messages(600))
            assert not any(result.results)
            assert len(result.sent) >= 600

    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(batches) for _ in range(2)]
        try:
            for _ in range(15):
                host.load("guest", built("echo"), isolated=True).close()
        finally:
            stop.set()
        for done in working:
            done.result()


def process_batches(host: Host, begun: threading.Event) -> None:
    """Until it is closed."""
    with suppress(ClosedError):
        while True:
            host.process_batch(messages(600))
            begun.set()


def test_a_host_that_is_closed_while_batches_run(built: Built) -> None:
    for _ in range(10):
        host, begun = Host(), threading.Event()
        host.load("echo", built("echo"), isolated=True)
        with ThreadPoolExecutor(2) as pool:
            working = [pool.submit(process_batches, host, begun) for _ in range(2)]
            begun.wait()
            host.close()
            for done in working:
                done.result()
