"""Which engine is for what."""

from __future__ import annotations

from ..errors import InputError
from .engine import Engine
from .subject import Subject


def open_engine(subject: Subject) -> Engine:
    """Of a library as it is, or of sources. Raises BuildError, InputError and LoadError."""
    if subject.library is not None:
        raise InputError(
            f"{subject.library}: not the source of a module",
            detail="expected C or C++ sources, found a library",
            hint="give its sources, or try what `mesibo-abi check` says of it",
        )
    from .coverage import open_engine

    return open_engine(subject)
