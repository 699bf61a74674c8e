"""From an engine's crashes to findings: each once, and small."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from .budget import Budget, Progress
from .case import Case
from .corpus import Corpus
from .engine import Engine
from .finding import Finding, Findings, Signatures
from .minimising import minimise


def distinct(
    engine: Engine,
    budget: Budget,
    corpus: Path,
    progress: Callable[[Progress], None],
    *,
    minimise_for: float = 30.0,
) -> Findings:
    """Each finding, as soon as it is there, with the smallest case for it that is found in
    `minimise_for` seconds."""
    Corpus(corpus).add_findings()
    known = Signatures()
    count = 0

    def say(so_far: Progress) -> None:
        progress(replace(so_far, findings=count))

    with closing(engine.fuzz(budget, corpus, known, say)) as found:
        for finding in found:
            if finding.crash.signature not in known:
                count += 1
                known.add(finding.crash.signature)
                smallest = _smallest(engine, finding, minimise_for)
                known.add(smallest.crash.signature)
                yield smallest


def _smallest(engine: Engine, finding: Finding, seconds: float) -> Finding:
    def crashes(case: Case) -> bool:
        crash = engine.replay(case)
        return crash is not None and crash.is_of(finding.crash.signature)

    case = minimise(finding.case, crashes, seconds)
    return Finding(engine.confirm(case) or finding.crash, case)
