"""What belongs to a process, and what a module in it may have changed."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
from collections.abc import Callable
from pathlib import Path

from tests.isolation.left import children_of
from tests.slopes import descriptors, resident

_LIBC = ctypes.CDLL(None)
_LIBM = ctypes.CDLL("libm.so.6")
_LIBC.setlocale.restype = ctypes.c_char_p
_ROOM = {"memory": 40 << 20, "threads": 0}  # so much more is nothing; and less is


def _status(*names: str) -> list[str]:
    text = Path("/proc/thread-self/status").read_text()
    return [line for line in text.splitlines() if line.startswith(names)]


def _handlers() -> list[int]:
    """Of all but the signals that are libc's own."""
    return [int(line.split()[1], 16) & 0x7FFFFFFF for line in _status("SigIgn", "SigCgt")]


def _environment() -> list[bytes]:
    """That of C: Python has a copy."""
    words = ctypes.POINTER(ctypes.c_char_p).in_dll(_LIBC, "environ")
    found: list[bytes] = []
    while (word := words[len(found)]) is not None:
        found.append(word)
    return found


def _umask() -> int:
    (line,) = _status("Umask:")
    return int(line.split()[1], 8)


def _mappings() -> int:
    return len(re.findall("mesibo-module", Path("/proc/self/maps").read_text(errors="replace")))


MEASURES: dict[str, Callable[[], object]] = {
    "descriptors": descriptors,
    "children": lambda: len(children_of(os.getpid())),
    "threads": lambda: len(list(Path("/proc/self/task").iterdir())),
    "shared memory": _mappings,
    "memory": resident,
    "signal handlers": _handlers,
    "blocked signals": lambda: _status("SigBlk"),
    "timer": lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 0,
    "limits": lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
    "working directory": lambda: str(Path.cwd()),
    "mask of files": _umask,
    "environment": _environment,
    "locale": lambda: _LIBC.setlocale(6, None),
    "rounding": lambda: _LIBM.fegetround(),
}


def measured() -> dict[str, object]:
    """All of it, now."""
    return {name: _one(measure) for name, measure in MEASURES.items()}


def _one(measure: Callable[[], object]) -> object:
    try:
        return measure()
    except OSError as error:
        return type(error).__name__


def changed(before: dict[str, object]) -> list[str]:
    """The names of what is another now."""
    now = measured()
    return [name for name in now if not _is_same(name, before[name], now[name])]


def _is_same(name: str, before: object, now: object) -> bool:
    if isinstance(before, int) and isinstance(now, int) and name in _ROOM:
        return now <= before + _ROOM[name]
    return before == now
