"""The module that sleeps."""

from __future__ import annotations

import ctypes
from pathlib import Path


def is_inside(library: Path) -> bool:
    """Whether a thread is in its callback. The GIL is held meanwhile, as PyDLL does: what one that
    holds it says of another cannot change before the caller has heard it."""
    return bool(ctypes.PyDLL(str(library)).sleeper_inside())
