"""Verdicts, messages that modules sent and what they logged, as JSON records."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from ..bridge.values import Message, Verdict
from ..events import Event, EventKind
from ..records import Bytes, MessageRecord, Params, Text, filled, message_record, text_or_bytes
from ..text import utf8
from ..types import LogRecord
from .text import in_words


class SentRecord(MessageRecord, kw_only=True, omit_defaults=True, tag_field="event", tag="sent"):
    """A message that a module sent outside of any event: from an answer, from a thread."""


class LogLine(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="event", tag="log"):
    """A line that a module logged; `line` is that of the input during which it did."""

    line: int | None = None
    module: str
    level: int
    text: str
    time: float
    thread: int


class VerdictRecord(Params, kw_only=True, omit_defaults=True, tag_field="event", tag="verdict"):
    """What became of the event in `line` of the input.

    `message` is what the recipient would get. `returned` is, for events other than messages, what
    the callback of each module returned.
    """

    line: int
    of: EventKind
    result: str
    by: str | None
    error: str | None
    returned: dict[str, int] | UnsetType = UNSET
    message: Text = UNSET
    message_base64: Bytes = UNSET
    sent: list[MessageRecord]


def sent_record(message: Message) -> SentRecord:
    """The record of a message that came outside of any event."""
    record = filled(SentRecord(), message)
    record.message, record.message_base64 = text_or_bytes(message.payload)
    return record


def log_record(record: LogRecord, line: int | None) -> LogLine:
    """The record of what a module logged, during the event in `line` or outside of any."""
    return LogLine(
        line=line,
        module=utf8(record.module),
        level=record.level,
        text=utf8(record.text),
        time=record.time,
        thread=record.thread,
    )


_RESULTS = ("PASS", "CONSUMED", "FAIL")  # by Result: -1 is the last


def verdict_record(line: int, event: Event, verdict: Verdict) -> VerdictRecord:
    """The record of what became of an event."""
    record = VerdictRecord(
        line=line,
        of=event.kind,
        result=_RESULTS[verdict.result],
        by=None if verdict.by is None else utf8(verdict.by.name),
        error=None if verdict.error is None else utf8(in_words(verdict.error)),
        sent=list(map(message_record, verdict.sent)),
    )
    if verdict.message is not None:
        filled(record, verdict.message)
    if event.kind is EventKind.MESSAGE:
        if verdict.message is not None:
            record.message, record.message_base64 = text_or_bytes(verdict.message.payload)
        return record
    record.returned = {utf8(module.name): code for module, code in verdict.returned if module}
    if event.kind is EventKind.STATUS:
        record.status = event.status
    return record
