"""One check, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..errors import LoadError
from .results import CheckResult, Finding, Outcome
from .subject import Check, Crash, Skip, Subject


def run_check(check: Check, subject: Subject) -> CheckResult:
    """Runs it. That a module cannot be loaded is a finding; other exceptions are the check's."""
    begun = time.monotonic()
    reason = None
    findings: tuple[Finding, ...] = ()
    try:
        findings = (*check.run(subject), *_forked(subject))
        outcome = _judge(findings)
    except Skip as skip:
        outcome, reason = Outcome.SKIPPED, str(skip)
    except Crash as crash:
        findings = crash.findings
        outcome = Outcome.CRASHED
    except LoadError as error:
        findings = (_not_loaded(error, subject),)
        outcome = Outcome.FAILED
    return CheckResult(
        check.name,
        check.says,
        outcome,
        findings,
        reason,
        subject.logged() if findings else (),
        seconds=time.monotonic() - begun,
    )


def _forked(subject: Subject) -> Iterator[Finding]:
    subject.notes.end_other()
    step = subject.notes.returned_twice()
    if step is not None:
        yield Finding(
            f"{step.callback or 'the module'} returned twice, {step.case}",
            "expected it to return once, it forked and both processes came back into the host",
            "end the child in the callback, with _exit or one of the exec functions",
            subject.where_called(step.callback),
        )


def _judge(findings: tuple[Finding, ...]) -> Outcome:
    if not findings:
        return Outcome.PASSED
    return Outcome.WARNING if all(f.warning for f in findings) else Outcome.FAILED


def _not_loaded(error: LoadError, subject: Subject) -> Finding:
    logged = "".join(f"; it logged: {record.text}" for record in error.logs)
    return Finding(error.what, error.detail + logged, error.hint, subject.where_init())
