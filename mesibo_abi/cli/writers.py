"""Where verdicts go. Here: JSON lines, for programs; `table.py` is for people."""

from __future__ import annotations

from typing import BinaryIO, Protocol

import msgspec

from ..bridge.batch import BatchResult
from ..bridge.values import Message, Verdict
from ..events import Event
from ..types import LogRecord
from .columns import Columns
from .records import log_record, sent_record, verdict_record

_FULL = 1 << 16


class Writer(Protocol):
    """Takes what comes out of a run. Raises OSError where it cannot be written."""

    def verdict(self, line: int, event: Event, verdict: Verdict) -> None:
        """What became of the event in that line of the input."""

    def sent(self, message: Message) -> None:
        """A message that a module sent outside of any event."""

    def log(self, record: LogRecord, line: int | None = None) -> None:
        """A line that a module logged, during the event in `line` or outside of any."""

    def flush(self) -> None:
        """Writes what is still here, for whoever watches."""

    def close(self) -> None:
        """Writes all that is still here. Nothing comes any more."""


class JsonLines:
    """One record a line, in blocks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._encoder = msgspec.json.Encoder()
        self._buffer = bytearray()

    def verdict(self, line: int, event: Event, verdict: Verdict) -> None:
        """Writes `{"event":"verdict", ...}`."""
        self._write(verdict_record(line, event, verdict))

    def verdicts(self, messages: Columns, result: BatchResult, *, logs: bool) -> None:
        """The same of many messages at once; with `logs` what was logged stands before each."""
        self._buffer += self._encoder.encode_lines(messages.records(result, logs=logs))
        self._flush_if_full()

    def sent(self, message: Message) -> None:
        """Writes `{"event":"sent", ...}`."""
        self._write(sent_record(message))

    def log(self, record: LogRecord, line: int | None = None) -> None:
        """Writes `{"event":"log", ...}`."""
        self._write(log_record(record, line))

    def flush(self) -> None:
        """Writes what is still here."""
        self._stream.write(self._buffer)
        self._buffer.clear()
        self._stream.flush()

    def close(self) -> None:
        """Writes what is still here."""
        self.flush()

    def _write(self, record: msgspec.Struct) -> None:
        self._encoder.encode_into(record, self._buffer, -1)
        self._buffer += b"\n"
        self._flush_if_full()

    def _flush_if_full(self) -> None:
        if len(self._buffer) >= _FULL:
            self.flush()
