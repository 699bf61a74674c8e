"""Results of checks as a table, for people: a row each, at once, and below it what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..checking.results import CheckReport, CheckResult, Finding, Outcome
from .text import printable

_STYLES = {
    Outcome.PASSED: "green",
    Outcome.WARNING: "yellow",
    Outcome.FAILED: "bold red",
    Outcome.CRASHED: "bold red",
    Outcome.SKIPPED: "dim",
}
_FIRST = 9  # columns of the outcome
_PLAIN_WIDTH = 100


class CheckTable:
    """Writes to standard output. `names` are those of the checks that will come."""

    def __init__(self, names: Sequence[str]) -> None:
        self._name = max(map(len, names), default=0) + 2
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
        if not self._console.is_terminal:
            self._console.width = _PLAIN_WIDTH

    def begin(self, path: Path) -> None:
        """Writes the head of the rows of a module."""
        self._print(Text(printable(str(path)), "bold"))

    def result(self, result: CheckResult) -> None:
        """Writes a row, and all that was found."""
        row = Text(f"{result.outcome:{_FIRST}}", _STYLES[result.outcome])
        row.append(f"{result.check:{self._name}}", "bold")
        row.append(printable(result.reason or result.says), "" if not result.reason else "dim")
        self._print(row, indent=_FIRST + self._name)
        for finding in result.findings:
            self._finding(finding)
        for line in result.output:
            self._below("it said", line, "dim")
        if result.findings:
            self._below("again", result.reproduce, "cyan", wrap=False)

    def end(self, report: CheckReport) -> None:
        """Writes what it came to."""
        counts = [(len(report.of(outcome)), outcome) for outcome in Outcome]
        self._print(Text(", ".join(f"{count} {outcome}" for count, outcome in counts if count)))

    def _finding(self, finding: Finding) -> None:
        self._below("found", finding.what, "bold")
        if finding.where is not None:
            self._below("where", finding.where, "magenta", wrap=False)
        self._below("evidence", finding.evidence)
        self._below("cure", finding.cure)

    def _below(self, title: str, text: str, style: str = "", *, wrap: bool = True) -> None:
        row = Text(" " * _FIRST).append(f"{title:10}", "dim").append(printable(text), style)
        self._print(row, indent=_FIRST + 10, wrap=wrap)

    def _print(self, row: Text, indent: int = 0, *, wrap: bool = True) -> None:
        if not wrap:
            self._console.print(row, soft_wrap=True)
            return
        # A paragraph hangs below its first word.
        head, body = row[:indent], row[indent:]
        lines = body.wrap(self._console, max(20, self._console.width - indent))
        for number, line in enumerate(lines):
            line.rstrip()
            start = head if number == 0 else Text(" " * indent)
            self._console.print(start + line if indent else line, soft_wrap=True)
