"""What is measured: a file for each kind of path, and all trials in the order of the report."""

from __future__ import annotations

from ..trial import Trial
from . import batch, calls, chain, http, isolated, loading, mail, run, upcalls

TRIALS: tuple[Trial, ...] = (
    *calls.TRIALS[:2],
    *chain.TRIALS[:1],
    *calls.TRIALS[2:],
    *upcalls.TRIALS,
    *mail.TRIALS,
    *chain.TRIALS[1:],
    *loading.TRIALS,
    *batch.TRIALS,
    *http.TRIALS,
    *isolated.TRIALS,
    *run.TRIALS,
)
