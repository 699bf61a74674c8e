"""Batches by every producer, a module with moods, and all that a verdict says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from mesibo_abi import Message, Module, Result, Verdict
from mesibo_abi.types import WORDS, Batch


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


def columns_of(messages: Sequence[Message]) -> dict[str, list[Any]]:
    def raw(address: str | None) -> bytes | None:
        return None if address is None else address.encode("utf-8", "surrogateescape")

    texts: dict[str, list[Any]] = {
        "message": [message.payload for message in messages],
        "to": [raw(message.to) for message in messages],
        "from": [raw(message.from_) for message in messages],
    }
    words = {name: [getattr(m, name) for m in messages] for name in WORDS}
    return texts | words


def table_of(messages: Sequence[Message], text: pa.DataType) -> pa.Table:
    schema = [(name, text) for name in ("message", "to", "from")]
    schema += [(name, pa.uint64()) for name in WORDS]
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


def polars_frame(messages: Sequence[Message]) -> Any:
    import polars as pl  # only here: it does not start under ThreadSanitizer

    schema = dict.fromkeys(("message", "to", "from"), pl.Binary) | dict.fromkeys(WORDS, pl.UInt64)
    return pl.DataFrame(columns_of(messages), schema=schema)


PRODUCERS: dict[str, Callable[[Sequence[Message]], Batch]] = {
    "a list": list,
    "binary": lambda messages: table_of(messages, pa.binary()),
    "large binary": lambda messages: table_of(messages, pa.large_binary()),
    "binary views": lambda messages: table_of(messages, pa.binary_view()),
    "in pieces": in_pieces,
    "a sliced struct": sliced_struct,
    "polars": polars_frame,
    "duckdb": lambda messages: duckdb.arrow(table_of(messages, pa.binary())),
    "pandas": lambda messages: table_of(messages, pa.binary()).to_pandas(
        types_mapper=pd.ArrowDtype
    ),
}
