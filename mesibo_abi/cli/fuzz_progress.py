"""How far a fuzzer is, on the terminal, and what it came to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from ..fuzzing.budget import Budget, Progress

if TYPE_CHECKING:
    from rich.status import Status


class FuzzProgress:
    """A line on standard error, where that is a terminal. A context manager: it goes away with
    it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._last = Progress()
        self._line: Status | None = None

    def begin(self) -> None:
        """Everything is built."""
        self._show("looking")

    def update(self, progress: Progress) -> None:
        """So far."""
        self._last = progress
        self._show(self._so_far())

    @property
    def has_looked(self) -> bool:
        """Whether there was a case."""
        return self._last.cases > 0

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While something else is printed."""
        if self._line is not None:
            self._line.stop()
        yield
        if self._line is not None:
            self._line.start()

    def summary(self, findings: int) -> str:
        """What it came to."""
        last = self._last
        found = {0: "nothing was found", 1: "1 finding"}.get(findings, f"{findings} findings")
        rate = last.cases / last.seconds if last.seconds else 0
        cases = {None: "cases", 1: "single events"}.get(
            self._budget.events, f"cases of at most {self._budget.events} events"
        )
        return f"{found} in {last.cases:,} {cases}, {rate:,.0f} a second"

    def _so_far(self) -> str:
        last = self._last
        rate = last.cases / last.seconds if last.seconds else 0
        parts = [f"{last.seconds:.0f} s{self._bound()}", f"{last.cases:,} cases"]
        parts.append(f"{rate:,.0f} a second")
        if last.coverage is not None:
            parts.append(f"{last.coverage:,} edges reached")
        return ", ".join([*parts, f"{last.findings} found"])

    def _bound(self) -> str:
        duration = self._budget.duration
        return "" if duration is None else f" of {duration:g}"

    def _show(self, text: str) -> None:
        if self._line is not None:
            self._line.update(text)

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console

            self._line = Console(stderr=True).status("building")
            self._line.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.stop()
