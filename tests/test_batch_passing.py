"""A batch on its way: whose memory modules see, over how many threads, and what may end it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from mesibo_abi import (
    ClosedError,
    Host,
    InputError,
    Limits,
    Message,
    Module,
    Result,
    StructChanged,
)
from mesibo_abi.types import Batch
from tests.batches import PRODUCERS, Moody, said
from tests.conftest import Built


def test_a_module_that_overwrites_its_struct(host: Host, built: Built) -> None:
    host.load("overwrite", built("overwrite"))
    result = host.process_batch([Message("nothing"), Message("signature"), Message("nothing")])
    assert list(result.results) == [0, -1, -1]
    assert isinstance(result.errors[1], StructChanged)


def test_the_callers_memory_is_not_written_to(host: Host, built: Built, rewriting: Path) -> None:
    host.load("const_write", built("const_write"))
    host.load("rewrite", rewriting)
    table = pa.table({"message": ["abc", "x" * 300]})
    result = host.process_batch(table)
    assert table["message"].to_pylist() == ["abc", "x" * 300]
    assert [result.rewritten(row) for row in range(2)] == [b"ABC", b"X" * 300]


def places(host: Host, batch: Batch) -> list[int]:
    return [int(line.text) for _, line in host.process_batch(batch).logs]


def test_where_a_message_lies(built: Built, rewriting: Path) -> None:
    column = pa.array([b"abc", b"def", b"ghi"])
    start = column.buffers()[2].address
    lies = [start, start + 3, start + 6]
    table = pa.table({"message": column})
    with Host() as host:
        host.load("lent", built("where"), zero_copy=True)
        assert places(host, table) == lies
        assert places(host, table.slice(1)) == lies[1:]
        # What Python owns is never lent.
        assert not set(places(host, [Message(b"abc")])) & set(lies)
        (line,) = host.process(Message(b"abc")).logs
        assert int(line.text) not in lies
    with Host() as host:
        host.load("given a copy", built("where"))
        assert not set(places(host, table)) & set(lies)
    with Host() as host:
        host.load("rewrite", rewriting, zero_copy=True)
        host.load("behind it", built("where"), zero_copy=True)
        assert not set(places(host, table)) & set(lies)
        assert table["message"].to_pylist() == [b"abc", b"def", b"ghi"]
        assert host.process_batch(table).rewritten(2) == b"GHI"


@pytest.mark.parametrize("producer", ["a list", "in pieces", "polars"])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_keep_the_order(built: Built, rewriting: Path, threads: int, producer: str) -> None:
    messages = [Message(b"%d;%d" % (n % 3, n), to="bob", id=n) for n in range(50)]
    with Host() as host:
        for name, target in (("echo", built("echo")), ("rewrite", rewriting), ("moody", Moody)):
            host.load(name, target, thread_safe=True)
        alone = [said(host.process(message)) for message in messages]
        batch = PRODUCERS[producer](messages)
        one, many = host.process_batch(batch), host.process_batch(batch, threads=threads)
        assert [said(many.verdict(row)) for row in range(50)] == alone
        assert many.sent == one.sent
        assert pa.table(many.sent_table()).equals(pa.table(one.sent_table()))
        assert pa.table(many).equals(pa.table(one))
        assert many.modules == one.modules == host.modules


def test_more_threads_than_rows(host: Host) -> None:
    for count in (0, 1, 3):
        assert len(host.process_batch([Message()] * count, threads=8)) == count


@pytest.mark.parametrize("threads", [0, -1, 257, 1.5, True, "2"])
def test_threads_that_are_none(host: Host, threads: int) -> None:
    with pytest.raises(InputError) as caught:
        host.process_batch([], threads=threads)
    assert str(caught.value) == (
        f"a batch cannot be processed by {threads!r} threads\n"
        "  expected a whole number from 1 to 256\n"
        "  hint: pass how many cores there are"
    )


def test_threads_and_modules_that_do_not_allow_them(host: Host, built: Built) -> None:
    host.load("safe", built("echo"), thread_safe=True)
    host.load("echo", built("echo"))
    host.load("moody", Moody)
    with pytest.raises(InputError) as caught:
        host.process_batch([Message()], threads=2)
    assert str(caught.value) == (
        "a batch cannot be processed by 2 threads\n"
        "  expected modules loaded with thread_safe=True, echo, moody are not\n"
        "  hint: load them so where they allow it, or leave threads= out"
    )


def test_a_host_that_closes_under_threads(built: Built) -> None:
    class Closing(Module):
        def on_message(self, message: Message) -> Result:
            if message.id == 5:
                closer.start()
            if message.id > 5:
                closing.wait(60)
            return Result.PASS

    closing = threading.Event()
    with Host() as host:
        host.load("closing", Closing, thread_safe=True)

        def close() -> None:
            closing.set()
            host.close()

        closer = threading.Thread(target=close)
        with pytest.raises(ClosedError):
            host.process_batch([Message(id=n) for n in range(100_000)], threads=4)
        closer.join(60)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_dropped_is_counted(built: Built, threads: int) -> None:
    """As if each message had come by itself."""
    messages = [Message(b"x" * size, to="bob") for size in (10, 5000, 20, 6000)]
    for_logs = [Message(b"200")] * 4
    limits = Limits(outbox=4096, logs=1024)
    with Host(limits=limits) as one, Host(limits=limits) as many:
        for host in (one, many):
            host.load("echo", built("echo"), thread_safe=True)
            host.load("logs", built("logs"), thread_safe=True)
        alone = [one.process(message) for message in (*messages, *for_logs)]
        result = many.process_batch([*messages, *for_logs], threads=threads)
        assert one.dropped.sent == 2
        assert one.dropped.logs > 0
        assert many.dropped == one.dropped
        assert [said(result.verdict(row)) for row in range(8)] == list(map(said, alone))


WAYS: dict[str, Callable[[Host], object]] = {
    "a batch": lambda host: host.process_batch([Message("hello", to="bob")]),
    "a message": lambda host: host.process(Message("hello", to="bob")),
    "an event": lambda host: host.call(),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_sent_before_it_ended_is_not_lost(
    host: Host, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Stop(Module):
        def on_message(self, message: Message) -> Result:
            self.send(Message("sent", to="bob"))
            self.log("stops")
            raise KeyboardInterrupt

        def on_call(self) -> None:
            self.on_message(Message())

    host.load("stop", Stop)
    with caplog.at_level("INFO"), pytest.raises(KeyboardInterrupt):
        WAYS[way](host)
    assert [message.payload for message in host.sent] == [b"sent"]
    assert [record.text for record in host.logs].count("stops") == 1
    assert caplog.messages.count("stops") == 1


def test_an_interrupt_ends_it(host: Host) -> None:
    class Interrupted(Module):
        def on_message(self, message: Message) -> Result:
            seen.append(message.id)
            if message.id == 300:
                raise KeyboardInterrupt
            return Result.PASS

    seen: list[int] = []
    host.load("interrupted", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        host.process_batch([Message(id=n) for n in range(1000)])
    assert seen == list(range(301))
    # Also where it is the last row of a piece.
    table = pa.table({"id": range(301)})
    seen.clear()
    with pytest.raises(KeyboardInterrupt):
        host.process_batch(pa.concat_tables([table, table]))
    assert seen == list(range(301))


def test_lines_are_made_when_somebody_wants_them(
    host: Host, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.load("moody", Moody)
    told: list[object] = []
    monkeypatch.setattr(host, "_forward", told.append)
    with caplog.at_level("WARNING"):
        result = host.process_batch([Message("a2", id=5)])
    assert told == []
    assert [record.text for _, record in result.logs] == ["sent for 5"]


def test_logs_reach_logging(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.load("moody", Moody)
    with caplog.at_level("INFO"):
        result = host.process_batch([Message("a2", id=5)])
    assert [record.text for _, record in result.logs] == ["sent for 5"]
    assert "sent for 5" in caplog.messages
