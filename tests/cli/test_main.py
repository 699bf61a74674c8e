"""The command as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, environment, execute, invoke


def test_its_version(tmp_path: Path) -> None:
    metadata = tmp_path / "mesibo_abi-98.7.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: mesibo_abi\nVersion: 98.7\n")
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), env["PYTHONPATH"]])
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, check=False, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mesibo-abi 98.7\n", b"")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_its_help_names_every_command(arguments: list[str]) -> None:
    done = execute(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith(b"Usage: mesibo-abi [OPTIONS] COMMAND [ARGS]...\n")
    for command in (b"bench", b"build", b"inspect", b"new", b"run"):
        assert b"\n  " + command + b"  " in done.stdout


@pytest.mark.parametrize("command", ["bench", "build", "inspect", "new", "run"])
def test_every_command_has_help(command: str) -> None:
    done = invoke(command, "--help")
    assert done.exit_code == 0
    assert f"Usage: mesibo-abi {command} " in done.stdout.replace("main", "mesibo-abi")


def test_a_command_that_is_none() -> None:
    done = invoke("fly")
    assert done.exit_code == 2
    assert "No such command 'fly'." in done.stderr


def test_it_imports_nothing_slow_before_it_must() -> None:
    program = (
        "import sys, mesibo_abi.cli\n"
        "slow = ('aiohttp', 'asyncio', 'rich', 'elftools', 'msgspec', 'mesibo_abi.bridge')\n"
        "print([name for name in slow if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, check=True, env=environment()
    )
    assert done.stdout == b"[]\n"
