"""A run with the checking allocator of the C library: what was written next to a block, freed
twice, or freed and never allocated, ends it there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from signal import SIGABRT

from ..symbols import locate
from . import network, probe, timing
from .crashes import Ending, explain
from .probe import Call, Run
from .results import Finding
from .samples import LENGTHS
from .slopes import asking, calls_of
from .subject import Crash, Skip, Subject

_PRELOADED = "libc_malloc_debug.so.0"
_SINCE = (2, 34)  # of glibc: before, it is in the library itself
_TIMES = 4
_DEADLINE = 20.0  # seconds: it is slower so


def calls_once(subject: Subject) -> list[Call]:
    """Every call, and messages of many lengths."""
    by_callback = calls_of(subject)
    calls = [call for each in by_callback.values() for call in each]
    if "on_message" in by_callback:
        calls += [
            Call("on_message", f"with a message of {len(text)} bytes", text, "bob", "alice")
            for text in (b"", *LENGTHS)
        ]
    return calls


Plan = tuple[list[Call], bytes | None]
"""Calls, and what is answered to all that is asked for in them; None: it fails."""


def plans(subject: Subject) -> Iterator[Plan]:
    """Every call once, while what it asks for fails; and those that ask, answered, a few times."""
    yield calls_once(subject), None
    with suppress(Skip):
        calls = [call for each in asking(subject).values() for call in each]
        yield calls * _TIMES, network.document(subject)


def checked(subject: Subject) -> Iterator[Finding]:
    """Every call, its cleanup, and its end."""
    environment = _environment()
    for plan in plans(subject):
        _check(subject, plan, environment)
    yield from ()


def _check(subject: Subject, plan: Plan, environment: Mapping[str, str]) -> None:
    calls, answer = plan
    order = timing.order(calls, _DEADLINE, most=0, from_init=True, settles=True)
    subject.notes.write("in the program that checks its heap")
    task = probe.task(subject, calls, order, answer=answer)
    run = probe.run(task, calls, environment=environment)
    if "cannot be preloaded" in run.said:
        raise Skip(f"{_PRELOADED} is not here: it comes with the C library (Debian: libc6)")
    timing.refuse_late(subject, calls, run, _DEADLINE)
    if not run.report.done:
        raise Crash(_finding(subject, run))


def _environment() -> dict[str, str]:
    """Raises Skip where the C library has no such allocator."""
    version = _glibc()
    if version is None:
        raise Skip("this C library has no checking allocator (glibc has): try --valgrind")
    strict = {"MALLOC_CHECK_": "3", "GLIBC_TUNABLES": "glibc.malloc.check=3"}
    return strict if version < _SINCE else {**strict, "LD_PRELOAD": _PRELOADED}


def _glibc() -> tuple[int, ...] | None:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        return None
    return tuple(map(int, version.split(".")[:2])) if name == "glibc" else None


def _finding(subject: Subject, run: Run) -> Finding:
    finding = explain(Ending(run.status, run.fault, run.step), subject.path)
    if run.status != -SIGABRT or run.fault is None:
        return finding
    lines = [line for line in run.said.splitlines() if line]
    words = f", found: {lines[-1]}" if lines else ""
    if run.freeing is None:
        return replace(
            finding,
            evidence=f"expected a pointer that malloc gave and nobody has freed{words}",
            cure="free each block once, and set the pointer to NULL behind it",
        )
    size, stack = run.freeing
    made_at = locate(subject.path, stack[0] - 1)
    return replace(
        finding,
        evidence=f"expected the bytes next to a block to be left alone{words}; it has {size} "
        f"bytes, and was allocated by {made_at.with_path()}. That is seen only where it is freed",
        cure="see what writes into that block: a string needs a byte more for its NUL",
    )
