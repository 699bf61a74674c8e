"""Verdicts as a table, for people. Each row is written at once: somebody may be watching."""

from __future__ import annotations

import io
from typing import BinaryIO

from rich.cells import set_cell_size
from rich.console import Console
from rich.text import Text

from ..bridge.values import Message, Verdict
from ..events import Event, EventKind
from ..types import LogRecord, Result
from .text import in_words, printable

_COLUMNS = (("line", 5), ("result", 8), ("by", 10), ("from", 10), ("to", 10))
_STYLES = {Result.PASS: "green", Result.CONSUMED: "yellow", Result.FAIL: "bold red"}
_LONGEST = 400  # characters of a payload that are looked at


class Table:
    """Writes rows: a verdict, and below it what was logged and sent meanwhile."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._text = io.StringIO()
        self._terminal = stream.isatty()
        self._console = Console(
            file=self._text,
            force_terminal=self._terminal,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._has_header = False

    def verdict(self, line: int, event: Event, verdict: Verdict) -> None:
        """Writes the row of an event, and rows for its error and for what was sent."""
        message = verdict.message
        cells = [
            str(line),
            verdict.result.name,
            "" if verdict.by is None else verdict.by.name,
            "" if message is None else _address(message.from_),
            "" if message is None else _address(message.to),
        ]
        self._header()
        self._row(cells, _STYLES[verdict.result], _subject(event, verdict))
        if verdict.error is not None:
            for text in in_words(verdict.error).splitlines():
                self._below(text, "red")
        for sent in verdict.sent:
            self.sent(sent)

    def sent(self, message: Message) -> None:
        """Writes the row of a message that a module sent."""
        route = f"{_address(message.from_)} to {_address(message.to)}"
        if message.groupid:
            route += f", group {message.groupid}"
        self._below(f"{message.module} sent, {route}: {_payload(message)}", "cyan")

    def log(self, record: LogRecord, line: int | None = None) -> None:
        """Writes the row of a log line; those of an event stand above it."""
        self._below(f"{record.module} [{record.level}]: {record.text}", "dim", line)

    def flush(self) -> None:
        """Writes what is still here."""
        self._stream.write(self._text.getvalue().encode())
        self._text.seek(0)
        self._text.truncate()
        self._stream.flush()

    def close(self) -> None:
        """Writes what is still here."""
        self.flush()

    def _header(self) -> None:
        if not self._has_header:
            self._has_header = True
            self._row([title for title, _ in _COLUMNS], "bold", "message", "bold")

    def _row(self, cells: list[str], style: str, last: str, last_style: str = "") -> None:
        row = Text()
        for (title, width), cell in zip(_COLUMNS, cells, strict=True):
            shown = set_cell_size(_short(printable(cell), width), width)
            row.append(shown + "  ", style if title == "result" or last_style else "")
        row.append(last, last_style)
        self._print(row)

    def _below(self, text: str, style: str, line: int | None = None) -> None:
        self._header()
        number = "" if line is None else str(line)
        self._print(Text(f"{number:{_COLUMNS[0][1]}}  {printable(text)}", style))

    def _print(self, row: Text) -> None:
        # A terminal's rows end at its edge, a file's have no edge.
        self._console.print(row, no_wrap=True, overflow="ellipsis", soft_wrap=not self._terminal)


def _subject(event: Event, verdict: Verdict) -> str:
    if event.kind is EventKind.MESSAGE:
        return "" if verdict.message is None else _payload(verdict.message)
    returned = ", ".join(f"{module.name} {code}" for module, code in verdict.returned if module)
    status = f" {event.status}" if event.kind is EventKind.STATUS else ""
    return printable(f"{event.kind}{status}: {returned or 'nobody listens'}")


def _payload(message: Message) -> str:
    head = message.payload[:_LONGEST]
    return printable(head.decode("utf-8", "surrogateescape"))


def _address(address: str | None) -> str:
    return "(none)" if address is None else address


def _short(text: str, width: int) -> str:
    shown = Text(text)
    shown.truncate(width, overflow="ellipsis")
    return shown.plain
