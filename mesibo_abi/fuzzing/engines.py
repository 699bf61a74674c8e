"""Which engine is for what."""

from __future__ import annotations

from .engine import Engine
from .subject import Subject


def open_engine(subject: Subject) -> Engine:
    """Of a library as it is, or of sources. Raises BuildError, InputError and LoadError, and
    Error where Hypothesis is missing."""
    if subject.library is not None:
        from . import blackbox

        return blackbox.open_engine(subject)
    from .coverage import open_engine

    return open_engine(subject)
