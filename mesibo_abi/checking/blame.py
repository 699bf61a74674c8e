"""Who tells of a crash in a callback of a request: the checks of requests, which try each of those
in every way. To others it happens by the way, as where what is open fails at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ..evidence import Service
from .calling import ANY_REQUEST_CALLBACK, REQUEST_CALLBACKS
from .results import CheckResult, Outcome

_CHECKS = {Service.HTTP: "http.", Service.FASTCGI: "fastcgi.", Service.SOCKET: "sockets."}
_BY_CALLBACK = {
    **{callback: (_CHECKS[service],) for service, callback in REQUEST_CALLBACKS.items()},
    ANY_REQUEST_CALLBACK: tuple(_CHECKS.values()),
}


def is_by_the_way(result: CheckResult) -> bool:
    """Whether it crashed in a callback of a request, and others are about that."""
    about = _BY_CALLBACK.get(result.ended_in)
    return about is not None and not result.check.startswith(about)


def settle(results: Mapping[str, CheckResult]) -> dict[str, CheckResult]:
    """What is to stand in place of results that crashed by the way: skipped, where a check of those
    requests tells of it, or a crash before it does."""
    settled: dict[str, CheckResult] = {}
    for result in filter(is_by_the_way, results.values()):
        about = _BY_CALLBACK[result.ended_in]
        told = (r for r in results.values() if r.check.startswith(about) and not is_by_the_way(r))
        before = (r for r in settled.values() if r.ended_in == result.ended_in)
        teller = next((r for r in (*told, *before) if r.outcome.is_bad), None)
        settled[result.check] = result if teller is None else _set_aside(result, teller)
    return settled


def _set_aside(result: CheckResult, teller: CheckResult) -> CheckResult:
    return dataclasses.replace(
        result,
        outcome=Outcome.SKIPPED,
        findings=(),
        output=(),
        reason=f"{result.ended_in} ended it by the way: see {teller.check}",
    )
