"""`run --trace`: a file for what crosses between the host and its modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..tracing import Trace, Traced, TraceForm


def trace_of(path: Path | None, form: str | None, others: Sequence[Path | None]) -> Trace | None:
    """The trace that is asked for. Raises InputError for a form without a file, and for a file that
    the run reads or writes as well, and for -, which other options have for a stream."""
    if path is None:
        if form is not None:
            raise InputError(
                "run: --trace-format without --trace",
                detail=f"expected a file for the trace, found only its form: {form}",
                hint="add --trace FILE",
            )
        return None
    if str(path) == "-":
        raise InputError(
            "run: --trace - is no file",
            detail="expected a file for the trace, found -; standard output is for the verdicts",
            hint="give a path, such as --trace trace.jsonl",
        )
    for other in others:
        if other is not None and _is_same(path, other):
            raise InputError(
                f"{path}: the trace would overwrite what the run reads or writes",
                detail=f"expected another file, found the same as {other}",
                hint="give another path to --trace",
            )
    return Trace(path, None if form is None else TraceForm(form))


def in_words(trace: Trace, traced: Traced) -> str:
    """For people, at the end of the run."""
    return f"trace: {traced} in {trace.path}"


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of the two does not exist yet
        return path.absolute() == other.absolute()
