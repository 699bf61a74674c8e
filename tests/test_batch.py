"""Batches: what becomes of each message is what `process` says of it, whoever made the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import (
    BatchResult,
    ClosedError,
    Host,
    InputError,
    Message,
    OnFailure,
    Result,
)
from mesibo_abi.types import Batch
from tests.batches import PRODUCERS, Moody, said
from tests.conftest import Built
from tests.fields import MESSAGES, WORDS

LINKS = st.lists(st.sampled_from(["echo", "result", "const_write", "rewrite", "moody"]), max_size=5)

Load: TypeAlias = Callable[[Host, str], object]


@pytest.fixture(scope="module")
def load(built: Built, rewriting: Path) -> Load:
    def load(host: Host, name: str) -> object:
        if name == "moody":
            return host.load(name, Moody)
        return host.load(name, rewriting if name == "rewrite" else built(name))

    return load


@contextmanager
def chain_of(load: Load, links: Sequence[str], policy: OnFailure) -> Iterator[Host]:
    with Host(on_failure=policy) as host:
        for name in links:
            load(host, name)
        yield host


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
    assert caught.value.row == {"below zero": 2, "a NUL": 1}.get(what)
    assert len(host.process_batch([Message()])) == 1


@pytest.mark.parametrize("what", [what for what in BAD if what not in ("below zero", "a NUL")])
def test_nor_where_no_row_is_in_them(host: Host, what: str) -> None:
    columns, words = BAD[what]
    with pytest.raises(InputError) as caught:
        host.process_batch(pa.table(columns).slice(0, 0))
    assert str(caught.value) == words


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


def test_tables_have_one_schema(host: Host, built: Built, tmp_path: Path) -> None:
    """Whatever became of the messages: so results can be joined, and written."""
    host.load("echo", built("echo"))
    host.load("moody", Moody)
    batches: list[list[Message]] = [
        [],
        [Message("pass0", to="bob")],
        [Message("raise1", to="bob")],
        [Message("abc3", to="bob")],
        [Message("consume4")],
    ]
    results = [host.process_batch(batch) for batch in batches]
    for tables in (
        [pa.table(result) for result in results],
        [pa.table(result.sent_table()) for result in results],
    ):
        joined = pa.concat_tables(tables)
        joined.validate(full=True)
        pq.write_table(joined, tmp_path / "joined.parquet")
        again = pq.read_table(tmp_path / "joined.parquet")
        assert again.to_pylist() == joined.to_pylist()
        for table in tables:
            pq.write_table(table, tmp_path / "one.parquet")


def test_the_index_of_a_frame_is_no_column(host: Host, built: Built) -> None:
    host.load("echo", built("echo"))
    frame = pd.DataFrame({"message": list("abcd"), "id": [1, 9, 3, 4], "groupid": 7})
    result = host.process_batch(frame.query("id != 3").sort_values("id"))
    assert [message.id for _, message in result.sent] == [1, 4, 9]


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


@pytest.mark.parametrize("from_", ["alice", "zo\xeb", "\udcff", None])
@pytest.mark.parametrize("threads", [1, 3])
def test_addresses_of_what_was_sent(
    host: Host, built: Built, from_: str | None, threads: int
) -> None:
    """Text where all of them are, else binary; null where there is none."""
    for name in ("first", "second"):
        host.load(name, built("echo"), thread_safe=True)
    batch = [Message(b"\0%d" % n, to=f"u{n}", from_=from_ if n % 3 else "bob") for n in range(99)]
    result = host.process_batch(batch, threads=threads)
    table = pa.table(result.sent_table())
    table.validate(full=True)
    del host, batch
    raw = from_ is not None and not from_.isprintable()
    assert str(table.schema.field("from").type) == ("large_binary" if raw else "large_string")
    assert str(table.schema.field("to").type) == "large_string"
    bob, other = (b"bob", b"\xff") if raw else ("bob", from_)
    assert [tuple(row.values())[:5] for row in table.to_pylist()] == [
        (n, name, b"\0%d" % n, f"u{n}", other if n % 3 else bob)
        for n in range(99)
        for name in ("first", "second")
    ]
    assert [(row, m.module, m.payload, m.to, m.from_) for row, m in result.sent] == [
        (n, name, b"\0%d" % n, f"u{n}", from_ if n % 3 else "bob")
        for n in range(99)
        for name in ("first", "second")
    ]


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
