"""A finding again: what the tests that `mesibo-abi fuzz` writes call."""

from __future__ import annotations

from pathlib import Path

from ..errors import Error
from . import files
from .engines import open_engine
from .finding import LEAK, Crash
from .replaying import ALLOW_PTRACE


class Reproduced(AssertionError):
    """The module still ends as it did when the finding was written, or in another way that it
    should not; `crash` is how."""

    def __init__(self, crash: Crash) -> None:
        super().__init__(f"{crash.signature}\n\n{crash.report}")
        self.crash = crash


def reproduce(path: Path) -> Crash | None:
    """Builds the module of the finding as it is now, under the same instrumentation, and runs the
    case; None: it ends as it should. Raises BuildError, InputError and LoadError, and Error where
    it is a leak and nobody can see it."""
    subject, finding = files.read(path)
    with open_engine(subject) as engine:
        crash = engine.confirm(finding.case)
        if crash is None and finding.crash.kind == LEAK and not engine.sees_leaks:
            raise Error(
                f"{path}: whether it leaks cannot be told",
                detail="expected LeakSanitizer to work, found that ptrace is forbidden here",
                hint=ALLOW_PTRACE,
            )
        return crash


def check(path: Path) -> None:
    """The same as a test: Reproduced is raised where it does not end as it should."""
    crash = reproduce(path)
    if crash is not None:
        raise Reproduced(crash)
