"""Starts the process that checks are forked off from, and talks to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import Error
from .child import Answer, Task
from .results import CheckResult, Finding, Outcome
from .subject import Check, Target
from .wire import decode, encode

_PATIENCE = 10.0  # seconds for that process to end


class Supervisor:
    """A context manager: in it checks of one module run, each in a process of its own."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._target = target
        self._timeout = timeout
        self._process = _start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if kind is not None:
            self._process.terminate()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def run(self, check: Check) -> CheckResult:
        """Runs one. Raises Error where the process is gone, and the module cannot have ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        task = Task(self._target, check.name, self._timeout)
        try:
            self._process.stdin.write(encode(task) + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line and not check.name.startswith("static."):
            return self._lost(check)
        if not line:
            raise Error(
                f"check: the process that runs {check.name} has ended",
                detail=f"expected a result, found exit status {self._process.wait()}",
                hint="something ended it from outside: run the check again",
            )
        return result_of(check, decode(line, Answer))

    def _lost(self, check: Check) -> CheckResult:
        """The module ended the parent of its own process; the next check gets another."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        status = self._process.wait()
        self._process = _start()
        finding = Finding(
            "it ended the process that had started it, and not only its own",
            f"expected a result of the check, found that process ended with status {status}",
            "signal no process but your own children, and write to no memory but your own",
        )
        return CheckResult(check.name, check.says, Outcome.CRASHED, (finding,))


def result_of(check: Check, answer: Answer) -> CheckResult:
    """What a check answered; a warning, where it failed by itself: the others go on."""
    if answer.result is not None:
        return answer.result
    lines = (answer.error or "").splitlines()
    finding = Finding(
        "the check failed by itself: nothing is known of the module",
        f"expected a result of {check.name}, found {lines[-1] if lines else 'no words'}",
        "report it with what it said, and the library if you may: the mistake is in mesibo_abi",
        warning=True,
    )
    return CheckResult(check.name, check.says, Outcome.WARNING, (finding,), output=tuple(lines))


def _start() -> subprocess.Popen[bytes]:
    """Not forked off from this process, which may have threads."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", f"{__package__}.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,  # Ctrl-C is for us: it ends with us
    )


def _environment() -> dict[str, str]:
    """One in which Python finds this package, behind what it finds anyway."""
    folder = str(Path(__file__).parents[2])
    path = [*filter(None, [os.environ.get("PYTHONPATH")]), folder]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
