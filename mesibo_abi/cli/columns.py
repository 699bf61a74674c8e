"""Lines of messages as columns: what each of them would cost by itself is done once for many.

Lines with the same few fields become lists, one a field, go through the host as one batch, and come
out as records of just these fields. All others are for `read_event` and `verdict_record`, which say
the same of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, repeat
from operator import attrgetter
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from ..bridge.batch import BatchResult
from ..bridge.tables import Table, table_of_lists
from ..events import EventKind
from ..records import MessageRecord, message_record
from ..text import utf8
from ..types import WORDS, Result
from .records import VerdictRecord, log_record
from .text import in_words

_MESSAGE = EventKind.MESSAGE.value
_WORDS = {*WORDS, "to_online"}
_RESULTS = {result.value: result.name for result in Result}
# What the record of every message has; a word that is 0 is left out.
_ALWAYS = {"from", "to", "line", "of", "result", "by", "error", "message", "message_base64", "sent"}


class Line(msgspec.Struct, rename={"from_": "from"}, forbid_unknown_fields=True, gc=False):
    """A message. One with words is derived from it."""

    event: Literal["message"] = "message"
    message: str = ""
    to: str | None = ""
    from_: str | None = ""


class Shape:
    """The records of messages that have these words beside their texts: `decode` reads a line,
    `verdict` is what is written, its `fields` in order."""

    def __init__(self, words: frozenset[str] = frozenset()) -> None:
        self.words = words
        line = msgspec.defstruct("Line", [(word, int, 0) for word in sorted(words)], bases=(Line,))
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(line).decode
        written = {_written(word) for word in words}
        wanted = _ALWAYS | written
        self.fields = [name for name in VerdictRecord.__struct_encode_fields__ if name in wanted]
        self.verdict = msgspec.defstruct(
            "Verdict",
            [(name, Any, 0 if name in written else UNSET) for name in self.fields],
            tag_field="event",
            tag="verdict",
            omit_defaults=True,
            gc=False,
        )

    def widened(self, line: bytes) -> Shape | None:
        """One for this line as well; None where there is none, or it is this one."""
        try:
            fields = msgspec.json.decode(line, type=dict[str, str | int | None]).keys()
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        words = self.words | (fields - Line.__struct_encode_fields__)
        if words == self.words or not words <= _WORDS or words >= {"uflags", "to_online"}:
            return None
        return Shape(words)


class Reader:
    """Reads lines by the shape that they had so far."""

    def __init__(self) -> None:
        self._shape = Shape()

    def read(self, first: int, lines: Sequence[bytes]) -> Columns:
        """The messages that the lines begin with, of which the first has that number. It ends
        before what is no message, and before one with a field that few have."""
        records: list[Line] = []
        try:
            records.extend(map(self._shape.decode, lines))  # what came before an error stays
        except (msgspec.DecodeError, UnicodeDecodeError):
            wider = None if records else self._shape.widened(lines[0])
            if wider is not None:
                self._shape = wider
                return self.read(first, lines)
        return Columns(first, self._shape, records)


class Columns:
    """Messages of lines that follow each other; `first` is the number of the first."""

    def __init__(self, first: int, shape: Shape, records: list[Line]) -> None:
        self._first = first
        self._shape = shape
        self._messages = [record.message for record in records]
        self._to = [record.to for record in records]
        self._from = [record.from_ for record in records]
        self._words = {name: list(map(attrgetter(name), records)) for name in shape.words}

    def __len__(self) -> int:
        return len(self._messages)

    def table(self) -> Table:
        """For `Host.process_batch`. Raises OverflowError for a word that is none."""
        texts: dict[str, Sequence[str | None]] = {
            "message": self._messages,
            "to": self._to,
            "from": self._from,
        }
        return table_of_lists(texts, self._words)

    def records(self, result: BatchResult, *, logs: bool) -> list[msgspec.Struct]:
        """The records of what became of them; with `logs`, before each what was logged."""
        columns: dict[str, Iterable[object]] = {
            "from": self._from,
            "to": self._to,
            **{_written(word): values for word, values in self._words.items()},
            "line": count(self._first),
            "of": repeat(_MESSAGE),
            "result": map(_RESULTS.__getitem__, result.results),
            "by": map(_names(result).__getitem__, result.by),
            "error": _in_rows(_errors(result), repeat(None)),
            **_payloads(self._messages, result),
            "sent": _in_rows(_sent(result), repeat([])),
        }
        records: list[msgspec.Struct] = list(
            map(self._shape.verdict, *[columns[name] for name in self._shape.fields])
        )
        if logs:
            for row, record in reversed(result.logs):  # so the rows before it stay where they are
                records.insert(row, log_record(record, self._first + row))
        return records


def _written(word: str) -> str:
    """What the word is called in a verdict."""
    return "to_online" if word == "uflags" else word


def _names(result: BatchResult) -> dict[int, str | None]:
    """Of the modules, by their place; -1 is where all passed."""
    return {-1: None, **{at: utf8(module.name) for at, module in enumerate(result.modules)}}


def _errors(result: BatchResult) -> dict[int, str]:
    return {row: utf8(in_words(error)) for row, error in result.errors.items()}


def _payloads(given: list[str], result: BatchResult) -> dict[str, Iterable[object]]:
    """As modules left them."""
    texts: dict[int, object] = {}
    data: dict[int, bytes] = {}
    found = list(map(result.rewritten, range(len(given))))
    if found.count(None) < len(found):
        for row, payload in enumerate(found):
            if payload is None:
                continue
            try:
                texts[row] = payload.decode()
            except UnicodeDecodeError:
                texts[row], data[row] = UNSET, payload
    return {"message": _in_rows(texts, given), "message_base64": _in_rows(data, repeat(UNSET))}


def _sent(result: BatchResult) -> dict[int, list[MessageRecord]]:
    sent: defaultdict[int, list[MessageRecord]] = defaultdict(list)
    for row, message in result.sent:
        sent[row].append(message_record(message))
    return sent


def _in_rows(found: Mapping[int, object], others: Iterable[object]) -> Iterable[object]:
    """A value for each row: what was found there, else that of the others."""
    return map(found.get, count(), others) if found else others
