"""`run --gdb`: the debugger for a process that is about to end, at the frame where it does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from ..errors import InputError
from ..isolation.stopped import Stopped
from .text import say

_PATIENCE = 120.0  # seconds for a debugger that nobody talks to
_ON = ("-ex", "continue")  # to where the signal comes again
_REPORT = ("bt full", "thread apply all bt")


class Debugger:
    """Calls gdb for a process that has stopped: to talk to where standard input is a terminal, else
    for a backtrace of all its threads on standard error. Raises InputError where there is none."""

    def __init__(self) -> None:
        found = shutil.which("gdb")
        if found is None:
            raise InputError(
                "run: --gdb needs gdb",
                detail="expected it on the PATH, found none",
                hint="install it: apt install gdb",
            )
        self._gdb = found

    def __call__(self, stopped: Stopped) -> None:
        """Returns when the debugger has left."""
        if _has_terminal():
            self._talk(stopped)
        else:
            self._report(stopped)

    def _talk(self, stopped: Stopped) -> None:
        say(f"{_where(stopped)}: gdb has it; the run goes on when you quit")
        command = [self._gdb, "-q", "-p", str(stopped.process), *_ON]
        with _unblocked(), _in_front() as give, subprocess.Popen(command, process_group=0) as gdb:
            give(gdb.pid)
            gdb.wait()

    def _report(self, stopped: Stopped) -> None:
        say(f"{_where(stopped)}: what gdb says of it")
        command = [self._gdb, "-q", "-nx", "-batch", "-iex", "set debuginfod enabled off"]
        command += ["-p", str(stopped.process), *_ON, *_each(_REPORT)]
        with _unblocked(), suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
                timeout=_PATIENCE,
                check=False,
            )


def _where(stopped: Stopped) -> str:
    return f"module {stopped.module!r} has stopped in process {stopped.process}"


def _each(commands: Iterable[str]) -> Iterator[str]:
    for command in commands:
        yield from ("-ex", command)


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def _unblocked() -> Iterator[None]:
    """A child has the signals blocked that its parent's thread has, and ours has all of them."""
    before = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Terminal:
    """Gives the terminal to a group of processes, so that Ctrl-C is for that one."""

    def __init__(self) -> None:
        self._descriptor = sys.stdin.fileno()

    def __call__(self, group: int) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(self._descriptor, group)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)  # it may have asked for the terminal before


@contextmanager
def _in_front() -> Iterator[_Terminal]:
    give = _Terminal()
    try:
        yield give
    finally:
        give(os.getpgrp())
