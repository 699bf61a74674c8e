"""Processes that a module leaves behind, in whatever group and session they are: what checks it is
their parent when theirs has ended, and ends them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def adopt() -> None:
    """From here on orphans among the descendants of this process become its children."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def end_strays() -> None:
    """Ends all children of this process, which has but one thread, and theirs as they come."""
    while children := Path("/proc/thread-self/children").read_text().split():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
