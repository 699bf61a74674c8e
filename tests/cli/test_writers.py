"""Verdicts for programs."""

from __future__ import annotations

import io

from mesibo_abi import LogRecord, Message
from mesibo_abi.cli.writers import JsonLines
from tests.cli.command import records


def test_lines_are_kept_until_they_are_many() -> None:
    stream = io.BytesIO()
    writer = JsonLines(stream)
    writer.sent(Message("hi", to="bob"))
    assert stream.getvalue() == b""
    writer.flush()
    assert [record["message"] for record in records(stream.getvalue())] == ["hi"]
    writer.log(LogRecord("echo", 0, "x" * 100_000, 0.0, 1))
    assert [record["event"] for record in records(stream.getvalue())] == ["sent", "log"]
    before = stream.getvalue()
    writer.flush()
    assert stream.getvalue() == before
