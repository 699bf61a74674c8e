"""What is wrong with a module, as a fuzzer says it."""

from __future__ import annotations

from ..errors import BadResult, ModuleCrashed, ModuleError, StructChanged
from .finding import Crash
from .kinds import signature_of


def crash_of(error: ModuleError) -> Crash:
    """Of what was raised."""
    signature = signature_of(error)
    if not isinstance(error, ModuleCrashed):
        kind = BadResult if isinstance(error, BadResult) else StructChanged
        return Crash(kind.__name__, signature, str(error))
    kind_of, _, where = signature.partition(" ")
    return Crash(kind_of, where or error.callback, str(error))
