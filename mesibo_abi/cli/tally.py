"""What a run comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..bridge.batch import BatchResult
from ..bridge.values import Verdict
from ..errors import ModuleCrashed
from ..events import EventKind
from ..types import Result

_MESSAGE = EventKind.MESSAGE  # looked up once: members of an enum are slow to get at
_PASS, _CONSUMED, _FAIL = Result.PASS, Result.CONSUMED, Result.FAIL


@dataclass(slots=True)
class Tally:
    """Counts of a run. `busy` is in seconds, without the waiting for input and for answers."""

    messages: int = 0
    passed: int = 0
    consumed: int = 0
    failed: int = 0
    events: int = 0
    sent: int = 0
    errors: int = 0
    """Verdicts with an error; with `--on-failure pass` they may have passed all the same."""
    bad_lines: int = 0
    open_requests: int = 0
    dropped: int = 0
    crashes: int = 0
    """Ends of isolated modules, those in verdicts among them."""
    told_crashes: int = 0
    """Those in verdicts."""
    busy: float = 0.0

    def count(self, kind: EventKind, verdict: Verdict) -> None:
        """Counts one verdict, and what was sent meanwhile."""
        self.sent += len(verdict.sent)
        self.errors += verdict.error is not None
        self.told_crashes += isinstance(verdict.error, ModuleCrashed)
        if kind is not _MESSAGE:
            self.events += 1
            return
        self.messages += 1
        result = verdict.result
        if result is _PASS:
            self.passed += 1
        elif result is _CONSUMED:
            self.consumed += 1
        else:
            self.failed += 1

    def count_batch(self, result: BatchResult) -> None:
        """Counts the verdicts on many messages, and what was sent meanwhile."""
        counts = result.counts()
        self.sent += len(result.sent)
        self.errors += len(result.errors)
        self.told_crashes += sum(isinstance(e, ModuleCrashed) for e in result.errors.values())
        self.messages += len(result)
        self.passed += counts.get(_PASS, 0)
        self.consumed += counts.get(_CONSUMED, 0)
        self.failed += counts.get(_FAIL, 0)

    @property
    def flawless(self) -> bool:
        """Nothing failed, was skipped, was dropped, ended or is still open."""
        return not (
            self.errors
            or self.bad_lines
            or self.open_requests
            or self.dropped
            or self.crashes_elsewhere
        )

    @property
    def crashes_elsewhere(self) -> int:
        """Those that are in no verdict: in an answer, on a thread of the module's own."""
        return max(0, self.crashes - self.told_crashes)

    def __str__(self) -> str:
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield (
            f"{_many(self.messages, 'message')}: {self.passed:,} passed, "
            f"{self.consumed:,} consumed, {self.failed:,} failed"
        )
        yield f"{self.sent:,} sent"
        yield _many(self.events, "other event")
        if self.bad_lines:
            yield f"{_many(self.bad_lines, 'bad line')} skipped"
        if self.open_requests:
            yield f"{_many(self.open_requests, 'request')} without an answer"
        if self.crashes_elsewhere:
            yield f"{_many(self.crashes_elsewhere, 'end')} of a module outside of all events"
        if self.dropped:
            yield f"{self.dropped:,} dropped for the host's limits"
        yield f"{self.messages / self.busy if self.busy else 0:,.0f} messages a second"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
