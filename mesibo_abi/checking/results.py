"""What checks say: outcomes, findings, and the report of all."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class Outcome(enum.StrEnum):
    """What became of a check."""

    PASSED = "passed"
    WARNING = "warning"
    """The module works here, and may not elsewhere."""
    FAILED = "failed"
    CRASHED = "crashed"
    """The module ended the process, or did not return in time."""
    SKIPPED = "skipped"
    """It could not be tried, or there is nothing to try; the reason says why."""

    @property
    def is_bad(self) -> bool:
        """Whether the module does not keep the contract."""
        return self in (Outcome.FAILED, Outcome.CRASHED)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: what, the evidence (expected and found), and the cure. `where` is
    the function of the module, with file and line where its debugging information has them."""

    what: str
    evidence: str
    cure: str
    where: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of one check.

    `says` is what it looks for, in one line; `reason` why it was skipped; `output` what the module
    logged and printed meanwhile, where something was found; `reproduce` a command that runs this
    check alone; `seconds` how long it took; `ended_in` the callback that was under way where a
    crash ended the process of the check.
    """

    check: str
    says: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    output: tuple[str, ...] = ()
    reproduce: str = ""
    seconds: float = 0.0
    ended_in: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What became of the checks of one module, in their order. `revision` is that of its ABI, None
    where only its init can tell and it was not asked."""

    path: Path
    revision: str | None
    results: tuple[CheckResult, ...]

    def __iter__(self) -> Iterator[CheckResult]:
        return iter(self.results)

    def __getitem__(self, check: str) -> CheckResult:
        for result in self.results:
            if result.check == check:
                return result
        raise KeyError(check)

    def of(self, outcome: Outcome | str) -> tuple[CheckResult, ...]:
        """The results with that outcome."""
        return tuple(result for result in self.results if result.outcome == outcome)

    @property
    def passed(self) -> bool:
        """Whether nothing failed or crashed; there may be warnings."""
        return not any(result.outcome.is_bad for result in self.results)
