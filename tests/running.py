"""Python programs in a process of their own, for what ends a process or must not print."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Ended:
    """How it ended: its exit status (a signal is negative) and all that it printed."""

    status: int
    output: str


def run(program: str, *arguments: object, timeout: float = 120, checked: bool = False) -> Ended:
    """Runs a program; `sys.argv[1:]` are the arguments. Warnings are errors in it, too; `checked`
    means with Python's own checks of memory and threads, which end it where they fail."""
    # -P: the package that is installed, not the one that happens to lie in the checkout.
    options = ["-P", "-W", "error", *(["-X", "dev"] if checked else [])]
    command = [sys.executable, *options, "-c", textwrap.dedent(program)]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


SILENT = Ended(0, "")
