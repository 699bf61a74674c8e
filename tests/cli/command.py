"""Runs the command: in this process, or for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import mesibo_abi
from mesibo_abi.cli import main

# -P: the package that these tests import, not one in the current directory.
COMMAND = (sys.executable, "-P", "-m", "mesibo_abi.cli")


def environment() -> dict[str, str]:
    """One in which every Python finds the package that these tests import."""
    folder = Path(mesibo_abi.__file__).parents[1]
    path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def invoke(*arguments: str | Path) -> Result:
    """In this process. What is no exit comes out as it is."""
    return CliRunner().invoke(
        main, [str(argument) for argument in arguments], catch_exceptions=False
    )


def execute(
    *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """In a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        env=environment(),
        cwd=cwd,
        timeout=60,
    )


def records(text: str | bytes) -> list[dict[str, Any]]:
    """The JSON objects in lines of text."""
    return [json.loads(line) for line in text.splitlines()]


def write(path: Path, *lines: object) -> Path:
    """A file of JSON lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def script(path: Path, *body: str) -> Path:
    """A module in Python, with that body of its on_message."""
    lines = "".join(f"        {line}\n" for line in body)
    path.write_text(
        "import time\nfrom mesibo_abi import Message, Module, Result\n\n"
        "class Script(Module):\n    def on_message(self, message: Message) -> Result:\n" + lines
    )
    return path


def summary(stderr: str | bytes) -> str:
    """The last line, without the rate, which nobody can foretell."""
    text = stderr.decode() if isinstance(stderr, bytes) else stderr
    counts, _, rate = text.splitlines()[-1].rpartition("; ")
    assert rate.endswith(" messages a second")
    return counts
