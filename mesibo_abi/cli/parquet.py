"""Messages from a Parquet file, and what came of a run into one. pyarrow reads and writes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, BinaryIO, Self

from ..bridge.values import Message, Verdict
from ..errors import InputError
from ..events import Event, EventKind
from ..text import utf8
from ..types import WORDS, LogRecord
from .text import in_words, reason_of

SUFFIX = ".parquet"

_ROWS = 1 << 16


def is_parquet(path: Path | None) -> bool:
    """Whether that is where Parquet is read from or written to."""
    return path is not None and path.suffix == SUFFIX


def check_installed(path: Path) -> None:
    """Raises InputError where pyarrow is not there, which `path` needs."""
    _modules(path)


def _modules(path: Path) -> tuple[ModuleType, ModuleType]:
    """pyarrow and pyarrow.parquet. Raises InputError where they are not there."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            f"{path}: Parquet is read and written by pyarrow",
            detail="expected the package pyarrow, found none",
            hint="install it: pip install 'mesibo_abi[parquet]'",
        ) from error
    return pyarrow, pyarrow.parquet


# ---- In ------------------------------------------------------------------------------------------


class ParquetSource:
    """The rows of a Parquet file, each a message. A context manager: closes what it opened.

    Raises InputError for what cannot be read.
    """

    is_terminal = False
    size = None

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._arrow, parquet = _modules(path)
        try:
            if path.is_fifo():
                raise OSError("a pipe, whose end cannot be read first")
            self._stream = path.open("rb")
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        try:
            self._file = parquet.ParquetFile(self._stream)
        except (OSError, ValueError, self._arrow.ArrowException) as error:
            self._stream.close()
            raise self._unreadable(error) from error

    def tables(self) -> Iterator[Any]:
        """Record batches of pyarrow, in the order of the file; before them one with its columns and
        no row."""
        try:
            yield self._arrow.RecordBatch.from_pylist([], self._file.schema_arrow)
            yield from self._file.iter_batches(batch_size=_ROWS)
        except (OSError, ValueError, self._arrow.ArrowException) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> InputError:
        return InputError(
            f"{self.name}: the messages cannot be read",
            detail=f"expected a Parquet file, found: {reason_of(error)}",
            hint="give the path of a Parquet file; files of JSON lines end in .jsonl",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()


def in_file(error: InputError, file: str, first: int) -> InputError:
    """An error of a batch as one of the file whose rows it has; the first of them, counted from 1,
    is `first`."""
    if error.row is None:
        return InputError(f"{file}: {error.what}", detail=error.detail, hint=error.hint)
    before, after = f"row {error.row} ", f"row {first + error.row} "
    return InputError(
        f"{file}: {error.what.replace(before, after)}",
        detail=error.detail.replace(before, after),
        hint=error.hint,
    )


# ---- Out -----------------------------------------------------------------------------------------


class ParquetWriter:
    """A row for each verdict, message that was sent outside of one, and line that was logged: the
    fields of the JSON records as columns, but addresses and payloads as bytes. What a record does
    not have is null."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._arrow, parquet = _modules(path)
        self._schema = _schema(self._arrow)
        self._stream = stream
        # Whoever ends a run that hangs closes it from a thread of its own.
        self._lock = threading.Lock()
        self._rows: list[dict[str, object]] = []
        self._broken = False  # it could not be written to: nothing more is tried
        self._file = parquet.ParquetWriter(stream, self._schema)

    def verdict(self, line: int, event: Event, verdict: Verdict) -> None:
        """Adds what became of the event in that line of the input."""
        row: dict[str, object] = {} if verdict.message is None else _fields(verdict.message)
        row |= {
            "event": "verdict",
            "line": line,
            "of": event.kind.value,
            "result": verdict.result.name,
            "by": None if verdict.by is None else utf8(verdict.by.name),
            "error": None if verdict.error is None else utf8(in_words(verdict.error)),
            "sent": [_fields(message) for message in verdict.sent],
        }
        if event.kind is not EventKind.MESSAGE:
            row["message"] = None
            row["returned"] = [(utf8(m.name), code) for m, code in verdict.returned if m]
        if event.kind is EventKind.STATUS:
            row["status"] = event.status
        self._add(row)

    def sent(self, message: Message) -> None:
        """Adds a message that a module sent outside of any event."""
        self._add({"event": "sent", **_fields(message)})

    def log(self, record: LogRecord, line: int | None = None) -> None:
        """Adds a line that a module logged."""
        self._add(
            {
                "event": "log",
                "line": line,
                "module": utf8(record.module),
                "level": record.level,
                "text": utf8(record.text),
                "time": record.time,
                "thread": record.thread,
            }
        )

    def flush(self) -> None:
        """Does nothing: a Parquet file is written in large pieces."""

    def close(self) -> None:
        """Writes what is still here, and the end of the file, without which nobody can read it."""
        with self._lock:
            if not self._broken:
                self._write()
                self._file.close()
                self._stream.flush()

    def _add(self, row: dict[str, object]) -> None:
        with self._lock:
            self._rows.append(row)
            if len(self._rows) >= _ROWS:
                self._write()

    def _write(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        try:
            self._file.write_table(self._arrow.Table.from_pylist(rows, self._schema))
        except (OSError, self._arrow.ArrowException):
            self._broken = True
            raise


def _schema(arrow: ModuleType) -> Any:
    text, word = arrow.string(), arrow.uint64()
    message = [(name, arrow.binary()) for name in ("message", "from", "to")]
    message += [(name, word) for name in WORDS]
    message += [("module", text)]
    return arrow.schema(
        [
            ("event", text),
            ("line", word),
            *[(name, text) for name in ("of", "result", "by", "error")],
            *message,
            ("sent", arrow.list_(arrow.struct(message))),
            ("returned", arrow.map_(text, arrow.int64())),
            ("level", word),
            ("text", text),
            ("time", arrow.float64()),
            ("thread", arrow.int64()),
        ]
    )


def _fields(message: Message) -> dict[str, object]:
    fields: dict[str, object] = {name: getattr(message, name) for name in WORDS}
    fields["message"] = message.payload
    fields["from"] = _bytes(message.from_)
    fields["to"] = _bytes(message.to)
    fields["module"] = None if message.module is None else utf8(message.module)
    return fields


def _bytes(address: str | None) -> bytes | None:
    return None if address is None else address.encode("utf-8", "surrogateescape")
