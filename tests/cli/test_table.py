"""Verdicts for people."""

from __future__ import annotations

import io

from mesibo_abi import Host, LogRecord, Message, Module, Result
from mesibo_abi.cli.table import Table
from mesibo_abi.events import Event, EventKind


class Talker(Module):
    def on_message(self, message: Message) -> Result:
        if message.payload == b"fail":
            raise ValueError("no such word")
        self.send("well\x07", to="alice", from_="talker", groupid=40)
        return Result.CONSUMED

    def on_message_status(self, message: Message, status: int) -> Result:
        return Result.PASS


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.BytesIO, table: Table) -> list[str]:
    table.flush()
    return stream.getvalue().decode().splitlines()


def test_the_rows(host: Host) -> None:
    host.load("talker", Talker)
    stream = io.BytesIO()
    table = Table(stream)
    hello = Message("hello \x1b[2J\xff", from_="alice", to=None)
    table.log(LogRecord("talker", 1, "a\nb", 0.0, 1), 1)
    table.verdict(1, Event(EventKind.MESSAGE, hello), host.process(hello))
    table.log(LogRecord("talker", 0, "later", 0.0, 1))
    fail = Message("fail", from_="a-very-long-address", to="bob")
    table.verdict(200, Event(EventKind.MESSAGE, fail), host.process(fail))
    table.verdict(201, Event(EventKind.STATUS, fail, 2), host.status(fail, 2))
    table.verdict(202, Event(EventKind.CALL), host.call())
    assert shown(stream, table) == [
        "line   result    by          from        to          message",
        "1      talker [1]: a\\nb",
        "1      CONSUMED  talker      alice       (none)      hello \\x1b[2Jÿ",
        "       talker sent, talker to alice, group 40: well\\x07",
        "       talker [0]: later",
        "200    FAIL      talker      a-very-lo…  bob         fail",
        "       ValueError: no such word",
        "201    PASS                  a-very-lo…  bob         status 2: talker 0",
        "202    PASS                                          call: nobody listens",
    ]


def test_rows_end_at_the_edge_of_a_terminal(host: Host) -> None:
    stream = Terminal()
    table = Table(stream)
    long = Message("x" * 100_000)
    table.verdict(1, Event(EventKind.MESSAGE, long), host.process(long))
    rows = shown(stream, table)
    assert len(rows) == 2
    assert "…" in rows[1]
    assert len(rows[1]) < 1000


def test_what_is_written_is_written_once(host: Host) -> None:
    stream = io.BytesIO()
    table = Table(stream)
    hello = Message("hello")
    table.verdict(1, Event(EventKind.MESSAGE, hello), host.process(hello))
    before = shown(stream, table)
    assert shown(stream, table) == before
