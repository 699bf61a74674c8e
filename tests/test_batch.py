"""Batches: what became of each message is what `process` says of it, whoever made the columns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mesibo_abi
from mesibo_abi import (
    BatchResult,
    ClosedError,
    Host,
    InputError,
    Message,
    Module,
    OnFailure,
    Result,
    StructChanged,
    Verdict,
)
from mesibo_abi.types import Batch
from tests.conftest import SOURCES, Built
from tests.fields import MESSAGES, WORDS

FIELDS = ("aid", "id", "refid", "groupid", "flags", "type", "expiry", "uflags")
NEW_FIELDS = ("status", "sid", "device")


class Moody(Module):
    """Does what the message's last byte says."""

    def on_message(self, message: Message) -> Result:
        mood = message.payload[-1] % 8 if message.payload else 0
        if mood == 1:
            raise ValueError(f"a bad mood at {message.id}")
        if mood == 2:
            self.send(message.payload[:10], to="moody", refid=message.id)
            self.log(f"sent for {message.id}")
        if mood == 3:
            self.rewrite(message.payload[::-1])
        if mood == 4:
            return Result.CONSUMED
        if mood == 5:
            return Result.FAIL
        return Result.PASS


LINKS = st.lists(st.sampled_from(["echo", "result", "const_write", "rewrite", "moody"]), max_size=5)


Load: TypeAlias = Callable[[Host, str], object]


@pytest.fixture(scope="module")
def rewriting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("rewrite") / "mesibo_mod_rewrite.so"
    source = SOURCES / "sdk2020" / "rewrite.c"
    return mesibo_abi.build(source, output=output, revision="sdk2020")


@pytest.fixture(scope="module")
def load(built: Built, rewriting: Path) -> Load:
    def load(host: Host, name: str) -> object:
        if name == "moody":
            return host.load(name, Moody)
        return host.load(name, rewriting if name == "rewrite" else built(name))

    return load


def said(verdict: Verdict) -> tuple[Any, ...]:
    """All that a verdict says, but for the time."""
    error = verdict.error
    return (
        verdict.result,
        verdict.by and verdict.by.name,
        error and (type(error), str(error)),
        verdict.message,
        verdict.sent,
        [(line.module, line.level, line.text) for line in verdict.logs],
    )


@contextmanager
def chain_of(load: Load, links: Sequence[str], policy: OnFailure) -> Iterator[Host]:
    with Host(on_failure=policy) as host:
        for name in links:
            load(host, name)
        yield host


def columns_of(messages: Sequence[Message]) -> dict[str, list[Any]]:
    def raw(address: str | None) -> bytes | None:
        return None if address is None else address.encode("utf-8", "surrogateescape")

    texts: dict[str, list[Any]] = {
        "message": [message.payload for message in messages],
        "to": [raw(message.to) for message in messages],
        "from": [raw(message.from_) for message in messages],
    }
    words = {name: [getattr(m, name) for m in messages] for name in (*FIELDS, *NEW_FIELDS)}
    return texts | words


def table_of(messages: Sequence[Message], text: pa.DataType) -> pa.Table:
    schema = [(name, text) for name in ("message", "to", "from")]
    schema += [(name, pa.uint64()) for name in (*FIELDS, *NEW_FIELDS)]
    return pa.table(columns_of(messages), schema=pa.schema(schema))


def in_pieces(messages: Sequence[Message]) -> pa.Table:
    """Several batches, each a slice of a larger one: its arrays have offsets."""
    around = Message("not one of them", to="nobody", id=99)
    parts = [list(messages[:3]), list(messages[3:])]
    tables = [table_of([around, *part, around], pa.large_binary()) for part in parts]
    return pa.concat_tables(
        table.slice(1, len(part)) for table, part in zip(tables, parts, strict=True)
    )


def sliced_struct(messages: Sequence[Message]) -> Any:
    """A struct array with an offset of its own, through the array interface."""
    table = table_of([*messages, Message(), *messages], pa.binary()).combine_chunks()
    return table.to_struct_array().combine_chunks().slice(len(messages) + 1)


PRODUCERS: dict[str, Callable[[Sequence[Message]], Batch]] = {
    "a list": list,
    "binary": lambda messages: table_of(messages, pa.binary()),
    "large binary": lambda messages: table_of(messages, pa.large_binary()),
    "binary views": lambda messages: table_of(messages, pa.binary_view()),
    "in pieces": in_pieces,
    "a sliced struct": sliced_struct,
    "polars": lambda messages: pl.DataFrame(
        columns_of(messages),
        schema=dict.fromkeys(("message", "to", "from"), pl.Binary)
        | dict.fromkeys((*FIELDS, *NEW_FIELDS), pl.UInt64),
    ),
    "duckdb": lambda messages: duckdb.arrow(table_of(messages, pa.binary())),
    "pandas": lambda messages: table_of(messages, pa.binary()).to_pandas(
        types_mapper=pd.ArrowDtype
    ),
}

sdk_messages = st.builds(
    lambda message, status, sid, device: message.replace(status=status, sid=sid, device=device),
    MESSAGES,
    WORDS,
    WORDS,
    WORDS,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    links=LINKS,
    messages=st.lists(sdk_messages, max_size=8),
    policy=st.sampled_from(OnFailure),
    producer=st.sampled_from(sorted(PRODUCERS)),
)
def test_a_batch_is_its_messages_one_by_one(
    load: Load,
    links: list[str],
    messages: list[Message],
    policy: OnFailure,
    producer: str,
) -> None:
    with chain_of(load, links, policy) as host:
        alone = [said(host.process(message)) for message in messages]
    with chain_of(load, links, policy) as host:
        batch = PRODUCERS[producer](messages)
        result = host.process_batch(batch)
        assert len(result) == len(messages)
        assert [said(result.verdict(row)) for row in range(len(messages))] == alone
        assert [Result(code) for code in result.results] == [one[0] for one in alone]


@pytest.mark.parametrize("producer", PRODUCERS)
def test_every_producer(built: Built, producer: str) -> None:
    messages = [
        Message(b"x" * size, to=to, from_=b"\xff", id=size, sid=2**64 - 1)
        for size in (0, 4, 5, 12, 13, 300)
        for to in ("", "bob", "longer than an inline view", None)
    ]
    with Host() as host:
        host.load("echo", built("echo"))
        result = host.process_batch(PRODUCERS[producer](messages))
        assert [result.verdict(row).message for row in range(len(messages))] == messages


# ---- What comes in ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.null()]
)
def test_missing_columns_are_empty(built: Built, texts: pa.DataType) -> None:
    values = [None] * 3 if texts == pa.null() else ["a", "b", None]
    table = pa.table({"message": pa.array(values, texts)})
    with Host() as host:
        host.load("echo", built("echo"))
        result = host.process_batch(table)
    wanted = ["", "", ""] if texts == pa.null() else ["a", "b", ""]
    assert [result.verdict(row).message for row in range(3)] == [
        Message(text, to=None, from_=None) for text in wanted
    ]


@pytest.mark.parametrize(
    "words",
    [
        pa.int8(),
        pa.uint8(),
        pa.int16(),
        pa.uint16(),
        pa.int32(),
        pa.uint32(),
        pa.int64(),
        pa.uint64(),
    ],
)
def test_words_of_any_width(host: Host, words: pa.DataType) -> None:
    table = pa.table(
        {"id": pa.array([0, None, 127], words), "to_online": pa.array([1, 2, 3], words)}
    )
    result = host.process_batch(table)
    assert [result.verdict(row).message for row in range(3)] == [
        Message(to=None, from_=None, id=id, uflags=flags)
        for id, flags in ((0, 1), (0, 2), (127, 3))
    ]


def test_an_empty_batch(host: Host) -> None:
    batches: list[Batch] = [[], pa.table({"message": pa.array([], pa.string())}), pa.table({})]
    for nothing in batches:
        result = host.process_batch(nothing)
        assert (len(result), result.counts(), result.sent, result.logs) == (0, {}, [], [])
        assert pa.table(result).num_rows == 0


NAMES = (
    "message, to, from, aid, id, refid, groupid, flags, type, expiry, uflags, status, sid, device "
    "and to_online"
)
BAD = {
    "name": (
        {"text": ["a"]},
        "the batch's column `text` cannot be used\n"
        f"  expected {NAMES}, there is no field of that name\n"
        "  hint: rename the column, or leave it out",
    ),
    "no text": (
        {"to": [1.5]},
        "the batch's column `to` cannot be used\n"
        "  expected text or binary, found Arrow's 'g'\n"
        "  hint: convert it, in pyarrow with .cast('string')",
    ),
    "no number": (
        {"id": ["a"]},
        "the batch's column `id` cannot be used\n"
        "  expected whole numbers, found Arrow's 'u'\n"
        "  hint: convert it, in pyarrow with .cast('uint64')",
    ),
    "a dictionary": (
        {"to": pa.array(["a", "a"]).dictionary_encode()},
        "the batch's column `to` cannot be used\n"
        "  expected plain values, found a dictionary\n"
        "  hint: decode it, in pyarrow with .dictionary_decode()",
    ),
    "below zero": (
        {"id": pa.array([1, None, -3], pa.int16())},
        "the batch's column `id` cannot be used\n"
        "  expected 0 to 2**64 - 1, row 2 is -3\n"
        "  hint: the header's params are unsigned 64-bit words",
    ),
    "a NUL": (
        {"from": ["a", "b\0c"]},
        "the batch's column `from` cannot be used\n"
        "  expected addresses without a NUL, row 1 is b'b\\x00c'\n"
        "  hint: take the NUL out",
    ),
    "twice": (
        {"uflags": [1], "to_online": [1]},
        "the batch's column `to_online` cannot be used\n"
        "  expected each column once, it is there twice (to_online and uflags are one)\n"
        "  hint: leave one out",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_columns_that_cannot_be_used(host: Host, what: str) -> None:
    columns, words = BAD[what]
    with pytest.raises(InputError) as caught:
        host.process_batch(pa.table(columns))
    assert str(caught.value) == words
    assert len(host.process_batch([Message()])) == 1


def test_what_is_no_batch(host: Host) -> None:
    with pytest.raises(TypeError) as caught:
        host.process_batch(7)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "the batch is of the wrong type: expected a list of mesibo_abi.Message or columns with the "
        "Arrow C interface (a table of pyarrow, polars, DuckDB, pandas), got int (7); pass one of "
        "them"
    )
    with pytest.raises(TypeError, match=r"expected a mesibo_abi\.Message, got str \('b'\)"):
        host.process_batch([Message("a"), "b"])  # type: ignore[list-item]
    with pytest.raises(InputError) as refused:
        host.process_batch(pa.array([1, 2]))
    assert str(refused.value) == (
        "the batch is no table\n"
        "  expected columns (Arrow's struct, +s), got 'l'\n"
        "  hint: pass a table or a record batch"
    )
    nulls = pa.array([{"id": 1}, None], pa.struct([("id", pa.int64())]))
    with pytest.raises(InputError, match="row 1 of the batch is null"):
        host.process_batch(nulls)


def test_a_stream_that_fails(host: Host) -> None:
    def batches() -> Any:
        yield pa.record_batch({"id": [1]})
        raise OSError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("id", pa.int64())]), batches())
    with pytest.raises(InputError) as caught:
        host.process_batch(reader)
    assert str(caught.value).startswith("the batch could not be read\n  its producer says: ")
    assert "the disk is gone" in str(caught.value)


def test_a_closed_host(host: Host) -> None:
    host.close()
    with pytest.raises(ClosedError):
        host.process_batch([Message()])


# ---- What comes out -----------------------------------------------------------------------------


@pytest.fixture
def result(host: Host, built: Built) -> BatchResult:
    host.load("echo", built("echo"))
    host.load("moody", Moody)
    texts = [b"pass0", b"raise1", b"send2", b"abc3", b"consume4", b"fail5"]
    return host.process_batch([Message(text, to="bob", id=n) for n, text in enumerate(texts)])


def test_codes_for_numpy(result: BatchResult) -> None:
    codes, by = np.asarray(result.results), np.asarray(result.by)
    assert (codes.dtype.name, by.dtype.name) == ("int8", "int32")
    assert codes.tolist() == [0, -1, 0, 0, 1, -1]
    assert [result.modules[place].name if place >= 0 else None for place in by] == [
        *(None, "moody", None, None, "moody", "moody")
    ]
    assert result.counts() == {Result.PASS: 3, Result.CONSUMED: 1, Result.FAIL: 2}
    assert repr(result) == "<BatchResult of 6: 3 PASS, 1 CONSUMED, 2 FAIL>"
    assert [type(error) for error in result.errors.values()] == [
        ValueError,
        result.errors[5].__class__,
    ]
    assert list(result.errors) == [1, 5]


def test_as_a_table(result: BatchResult) -> None:
    table = pa.table(result)
    assert table.schema.names == ["result", "by", "error", "message"]
    assert table["by"].to_pylist() == [None, "moody", None, None, "moody", "moody"]
    assert table["message"].to_pylist() == [None, None, None, b"3cba", None, None]
    assert table["error"].to_pylist()[1] == str(result.errors[1])
    table.validate(full=True)
    frame = pl.DataFrame(result)
    assert frame["message"].to_list() == [None, None, None, b"3cba", None, None]
    assert pa.record_batch(result).num_rows == 6
    passed = duckdb.sql("select count(*) from frame where result = 0")
    assert passed is not None
    assert passed.fetchall() == [(3,)]


def test_what_was_sent_as_a_table(result: BatchResult) -> None:
    sent = pa.table(result.sent_table())
    sent.validate(full=True)
    assert [(row["row"], row["module"]) for row in sent.to_pylist()] == [
        (row, message.module) for row, message in result.sent
    ]
    again = [
        Message(
            row.pop("message"),
            to=row.pop("to"),
            from_=row.pop("from"),
            module=row.pop("module"),
            **{name: value for name, value in row.items() if name != "row"},
        )
        for row in sent.to_pylist()
    ]
    assert again == [message for _, message in result.sent]


def test_a_table_outlives_everything(built: Built) -> None:
    with Host() as host:
        host.load("moody", Moody)
        result = host.process_batch([Message("abc3"), Message("x0")])
    table, codes = pa.table(result), np.asarray(result.results)
    del result, host
    assert table["message"].to_pylist() == [b"3cba", None]
    assert codes.tolist() == [0, 0]


@pytest.mark.parametrize("threads", [1, 2])
def test_so_do_payloads_that_lie_where_they_were_written(rewriting: Path, threads: int) -> None:
    rows = [b"text %d" % row * 50 for row in range(1000)]
    with Host() as host:
        host.load("rewrite", rewriting, thread_safe=True)
        result = host.process_batch(pa.table({"message": rows}), threads=threads)
        table = pa.table(result)
        host.modules[0].close()
        assert result.verdict(999).message == Message(rows[999].upper(), to=None, from_=None)
    del result, host
    assert table["message"].to_pylist() == [row.upper() for row in rows]


def test_verdicts_of_one_row_share_nothing(result: BatchResult) -> None:
    row = next(row for row in range(len(result)) if result.verdict(row).sent)
    first, second = result.verdict(row), result.verdict(row)
    first.sent.clear()
    assert second.sent


def test_rows_that_are_not_there(result: BatchResult) -> None:
    for row in (-1, 6):
        with pytest.raises(IndexError, match=f"the batch has no row {row}: expected 0 to 5"):
            result.verdict(row)


def test_results_come_from_hosts() -> None:
    with pytest.raises(TypeError, match="come from Host"):
        BatchResult()


# ---- On the way ---------------------------------------------------------------------------------


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
def test_threads_keep_the_order(
    load: Load, built: Built, rewriting: Path, threads: int, producer: str
) -> None:
    messages = [Message(b"%d;%d" % (n % 3, n), to="bob", id=n) for n in range(50)]
    with Host() as host:
        for name, target in (("echo", built("echo")), ("rewrite", rewriting), ("moody", Moody)):
            host.load(name, target, thread_safe=True)
        alone = [said(host.process(message)) for message in messages]
        batch = PRODUCERS[producer](messages)
        one, many = host.process_batch(batch), host.process_batch(batch, threads=threads)
        assert [said(many.verdict(row)) for row in range(50)] == alone
        assert many.sent == one.sent
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
                closing.wait(10)
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
        closer.join(10)


def test_what_was_sent_before_it_ended_is_not_lost(built: Built) -> None:
    class Stop(Module):
        def on_message(self, message: Message) -> Result:
            self.log("stops")
            raise KeyboardInterrupt

    with Host() as host:
        host.load("echo", built("echo"))
        host.load("stop", Stop)
        with pytest.raises(KeyboardInterrupt):
            host.process_batch([Message("hello", to="bob")])
        assert [message.payload for message in host.sent] == [b"hello"]
        assert "stops" in [record.text for record in host.logs]


def test_an_interrupt_ends_it(host: Host) -> None:
    class Interrupted(Module):
        def on_message(self, message: Message) -> Result:
            raise KeyboardInterrupt

    host.load("interrupted", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        host.process_batch([Message()])


def test_logs_reach_logging(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.load("moody", Moody)
    with caplog.at_level("INFO"):
        result = host.process_batch([Message("a2", id=5)])
    assert [record.text for _, record in result.logs] == ["sent for 5"]
    assert "sent for 5" in caplog.messages
