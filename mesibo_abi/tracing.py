"""Where the crossings between a host and its modules are written to, and what became of that."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .checks import as_path
from .errors import InputError


class TraceForm(enum.StrEnum):
    """How crossings are written."""

    JSONL = "jsonl"
    """A line of JSON for each."""
    PERFETTO = "perfetto"
    """Events of Chrome's trace format, which ui.perfetto.dev opens."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A file for crossings. `form` None: as its name says, PERFETTO where that ends in `.json`,
    else JSONL."""

    path: str | os.PathLike[str]
    form: TraceForm | str | None = None

    def __post_init__(self) -> None:
        if self.form is not None and self.form not in list(TraceForm):
            raise InputError(
                f"Trace cannot have form={self.form!r}",
                detail=f"expected 'jsonl', 'perfetto' or None, got {self.form!r}",
                hint="pass one of them, or leave it out",
            )

    @property
    def is_perfetto(self) -> bool:
        """Whether events are written, and not lines."""
        if self.form is not None:
            return TraceForm(self.form) is TraceForm.PERFETTO
        return Path(self.path).suffix == ".json"

    def open(self) -> int:
        """A new, empty file: its descriptor. Raises InputError."""
        path = as_path("the trace", self.path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o666)
        except OSError as error:
            raise InputError(
                f"{path}: the trace cannot be opened",
                detail=f"expected a file that can be written, found: {error.strerror}",
                hint="give another path for the trace",
            ) from error


class Traced(NamedTuple):
    """What became of a trace: how many crossings were written, how many were not, and the reason
    where the file cannot be written to any more."""

    crossings: int
    dropped: int
    reason: str | None

    def __str__(self) -> str:
        lost = f", {self.dropped:,} more were lost" if self.dropped else ""
        return f"{self.crossings:,} crossings" + lost + (f": {self.reason}" if self.reason else "")
