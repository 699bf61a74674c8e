"""How long to look, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Ends with the first that is used up: `duration` seconds, `runs` cases (None: no bound). The
    same `seed` with one job looks at the same cases in the same order. A case that is made up has
    at most `events` (None: as many as there is room for), a reload being one: a single event, where
    that is 1. Only sources are looked at so."""

    duration: float | None = None
    runs: int | None = None
    seed: int = 1
    jobs: int = 1
    events: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """`cases` were run in `seconds`; `coverage` counts what of the module was reached (None: nobody
    can tell), `corpus` the cases that are kept for that, `findings` the distinct ones."""

    cases: int = 0
    seconds: float = 0.0
    coverage: int | None = None
    corpus: int = 0
    findings: int = 0
