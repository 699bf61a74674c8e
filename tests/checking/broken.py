"""Modules that break one rule each, and which check is to find it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mesibo_abi
from mesibo_abi import BuildWarning, CheckReport, CheckResult, Outcome

SOURCES = Path(__file__).parents[1] / "modules"
MARK = "/* HERE */"
"""On the line that is to be named."""


@dataclass(frozen=True)
class Broken:
    """A source in tests/modules, how it is built, and what is to come of it. `function` is the one
    that is named, on the line with MARK; None: nothing is named."""

    source: str
    check: str
    outcome: Outcome
    function: str | None = None
    revision: str = "doc2019"
    extra_args: tuple[str, ...] = ()
    items: dict[str, str] = field(default_factory=dict)
    then: Callable[[Path], Path] = lambda library: library
    """What becomes of the library that was built."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of the check."""
    evidence: str = ""
    """What stands in the evidence of the finding."""

    @property
    def path(self) -> Path:
        (found,) = SOURCES.glob(f"{self.source}.c*")
        return found

    @property
    def line(self) -> int:
        """Of the mark."""
        lines = self.path.read_text().splitlines()
        (number,) = [n for n, line in enumerate(lines, 1) if MARK in line]
        return number

    def build(self, folder: Path) -> Path:
        name = self.path.stem
        year = f"-DREVISION={self.revision[-4:]}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BuildWarning)  # of what is wrong with it
            return self.then(
                mesibo_abi.build(
                    self.path,
                    name=name,
                    output=folder / f"mesibo_mod_{name}.so",
                    revision=self.revision,
                    extra_args=[year, *self.extra_args],
                )
            )


def bad(report: CheckReport) -> list[str]:
    """What neither passed nor was skipped."""
    fine = (Outcome.PASSED, Outcome.SKIPPED)
    return [result.check for result in report if result.outcome not in fine]


def found_exactly(broken: Broken, report: CheckReport) -> CheckResult:
    """The result of the one check that found something; fails where another did, too."""
    shown = "\n".join(f"{r.check} {r.outcome} {r.reason or ''} {r.findings}" for r in report)
    assert bad(report) == [broken.check], shown
    result = report[broken.check]
    assert result.outcome == broken.outcome, shown
    assert broken.evidence in result.findings[0].evidence, shown
    if broken.function is not None:
        where = f"{broken.function}, {broken.path}:{broken.line}"
        assert [finding.where for finding in result.findings] == [where], shown
    return result
