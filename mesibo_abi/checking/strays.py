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


def _children() -> list[str]:
    found: list[str] = []
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # that thread ended
            found += file.read_text().split()
    return found


def one_runs() -> bool:
    """Whether a child of this process runs, or waits for a processor or for memory."""
    for child in _children():
        with contextlib.suppress(OSError):  # it is gone
            after_name = Path("/proc", child, "stat").read_text().rpartition(")")[2]
            if after_name.split()[0] in ("R", "D"):
                return True
    return False


def end_strays() -> None:
    """Ends all children of this process, and theirs as they come."""
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
