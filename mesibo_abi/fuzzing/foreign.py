"""Host functions that a server of the module's revision lacks."""

from __future__ import annotations

import warnings

from ..compiler import BuildWarning
from ..elf import Inspection, ProblemCode
from .subject import Subject


def warn_of_foreign_functions(subject: Subject, found: Inspection) -> None:
    """Here they are there, and nothing would be found: there the module is not even opened."""
    for problem in found.problems:
        if problem.code is ProblemCode.FOREIGN_HOST_SYMBOL:
            words = str(problem).removeprefix(f"{found.path}: ")
            warnings.warn(f"{subject.path}: {words}", BuildWarning, stacklevel=2)
