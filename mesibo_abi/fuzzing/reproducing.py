"""A finding again: what the tests that `mesibo-abi fuzz` writes call."""

from __future__ import annotations

from pathlib import Path

from . import files
from .engines import open_engine
from .finding import Crash


class Reproduced(AssertionError):
    """The module still ends as it did when the finding was written, or in another way that it
    should not; `crash` is how."""

    def __init__(self, crash: Crash) -> None:
        super().__init__(f"{crash.signature}\n\n{crash.report}")
        self.crash = crash


def reproduce(path: Path) -> Crash | None:
    """Builds the module of the finding as it is now, under the same instrumentation, and runs the
    case; None: it ends as it should. Raises BuildError, InputError and LoadError."""
    subject, finding = files.read(path)
    with open_engine(subject) as engine:
        return engine.replay(finding.case)


def check(path: Path) -> None:
    """The same as a test: Reproduced is raised where it does not end as it should."""
    crash = reproduce(path)
    if crash is not None:
        raise Reproduced(crash)
