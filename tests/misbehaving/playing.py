"""One message that has a module misbehave, and one behind it, in a chain with a neighbour on each
side; in this process or isolated."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mesibo_abi import Host, LoadError, Message, Module, ModuleCrashed, OnFailure, Result, Verdict
from tests.misbehaving.belongings import changed, measured
from tests.misbehaving.catalogue import Misbehaviour

DEADLINE = 1.0  # seconds
PATIENCE = 60.0  # on a busy machine
MOMENT = 0.2


@dataclass(frozen=True)
class Played:
    """What came of it. `kind` is the exception, if any, and `said` its words, or those of the log;
    `goes_on`: both messages came by the neighbours, and the one behind it through the module."""

    kind: str
    said: str
    goes_on: bool
    changed: list[str]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class _Neighbour(Module):
    def init(self) -> None:
        self.seen = 0

    def on_message(self, message: Message) -> Result:
        self.seen += 1
        return Result.PASS


def play(what: Misbehaviour, library: Path, *, isolated: bool) -> Played:
    """In this process, which is measured before and behind it."""
    with _output() as output:
        gc.collect()  # hosts of others
        before = measured()
        said, goes_on = _play(what, library, isolated)
        gc.collect()
        end = time.monotonic() + 60  # for a thread that was joined to be gone
        while (found := changed(before)) and isolated and time.monotonic() < end:
            time.sleep(0.01)
        if _has_text(output):
            found.append("standard output")
    return Played(*said, goes_on, found)


def _play(what: Misbehaviour, library: Path, isolated: bool) -> tuple[tuple[str, str], bool]:
    host = Host(on_failure=OnFailure.PASS)
    before = host.load("before", _Neighbour)
    try:
        module = host.load("misbehaving", library, **_options(what, isolated))
    except LoadError as error:
        module, said = None, _words(error, what)
    behind = host.load("behind", _Neighbour)
    if module is None:
        verdict = host.process(Message("fine", to="bob"))
    else:
        payload = what.payload if what.size == 0 else b"x" * what.size
        first = host.process(
            Message(payload, to=what.to, from_="alice", groupid=1 if what.to is None else 0)
        )
        if what.later:
            time.sleep(MOMENT)
        verdict = host.process(Message("fine", to="bob"))
        said = _said(first, what)
    goes_on = verdict.result is Result.PASS
    for neighbour in (before, behind):
        assert isinstance(neighbour.target, _Neighbour)
        goes_on = goes_on and neighbour.target.seen == (1 if module is None else 2)
    lines = [line.text for line in host.logs]
    try:
        host.close()
    except Exception as error:
        said = _words(error, what)
    if module is not None and said == ("", ""):
        said = _words(module.crashes[0], what) if module.crashes else ("", _first(lines))
    return said, goes_on and host.closed


def _options(what: Misbehaviour, isolated: bool) -> Any:
    if not isolated:
        return {}
    seconds = {"deadline": DEADLINE, "init_deadline": DEADLINE} if what.hangs else {}
    return {"isolated": True, **seconds}


def _said(verdict: Verdict, what: Misbehaviour) -> tuple[str, str]:
    if verdict.error is not None:
        return _words(verdict.error, what)
    return "", _first([line.text for line in verdict.logs])


def _first(lines: list[str]) -> str:
    return lines[0] if lines else ""


def _words(error: BaseException, what: Misbehaviour) -> tuple[str, str]:
    """Its class, and what it says of what happened."""
    if isinstance(error, LoadError) and isinstance(error.__cause__, ModuleCrashed):
        error = error.__cause__
    if isinstance(error, ModuleCrashed):
        return type(error).__name__, error.meaning + _where(error, what)
    detail = getattr(error, "detail", "") or str(error).partition("\n")[0]
    return type(error).__name__, detail


def _where(error: ModuleCrashed, what: Misbehaviour) -> str:
    for frame in error.frames:
        if frame.source is not None and frame.source == what.path:
            function = re.split(r"<|(?<!operator)\(", frame.function or "??")[0]
            return f", in {function} at {frame.source.name}:{frame.line}"
    return ""


@contextlib.contextmanager
def _output() -> Iterator[int]:
    """Standard output and error go to files of their own meanwhile."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        kept = [os.dup(1), os.dup(2)]
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            yield out.fileno()
        finally:
            for number, copy in enumerate(kept, 1):
                with contextlib.suppress(OSError):  # a module closed them
                    os.dup2(copy, number)
                    os.close(copy)


def _has_text(output: int) -> bool:
    try:
        return os.fstat(output).st_size > 0
    except OSError:
        return False
