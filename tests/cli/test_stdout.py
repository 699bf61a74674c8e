"""Standard output, for the verdicts alone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.cli.command import execute, invoke, records, script, write
from tests.conftest import Built
from tests.tools import needs


def ended(program: str) -> tuple[str, list[str]]:
    """What a program printed to standard output, and to standard error."""
    command = [sys.executable, "-P", "-W", "error", "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30)
    return done.stdout, sorted(done.stderr.splitlines())


def test_what_is_printed_lands_on_standard_error() -> None:
    program = """
        import ctypes, os
        from mesibo_abi.cli.stdout import own_stdout
        libc = ctypes.CDLL(None)
        print("before")
        with own_stdout() as stream:
            stream.write(b"verdict\\n")
            print("by Python")
            libc.printf(b"by C\\n")  # which waits in the buffer of libc
            os.write(1, b"by the system\\n")
        print("after")
    """
    assert ended(program) == (
        "before\nverdict\nafter\n",
        ["by C", "by Python", "by the system"],
    )


@pytest.mark.parametrize(
    ("closed", "found"), [("stdout", ("", ["None"])), ("stderr", ("verdict", []))]
)
def test_one_that_is_closed(closed: str, found: tuple[str, list[str]]) -> None:
    program = f"""
        import os, sys
        from mesibo_abi.cli.stdout import own_stdout
        sys.{closed} = None
        with own_stdout() as stream:
            print("printed")
            if stream is None:
                print(stream, file=sys.stderr)
            else:
                stream.write(b"verdict")
    """
    assert ended(program) == found


@needs("cc")
def test_modules_do_not_print_between_the_verdicts(built: Built, tmp_path: Path) -> None:
    python = script(tmp_path / "talker.py", "print('printed by Python')", "return Result.PASS")
    messages = write(tmp_path / "m.jsonl", {"id": 1}, {"id": 2})
    done = execute("run", "--quiet", built("stuck"), python, messages)
    assert done.returncode == 0
    assert [record["id"] for record in records(done.stdout)] == [1, 2]
    words = ["printed by C"] * 2 + ["printed by Python"] * 2 + ["printed by init"]
    assert sorted(done.stderr.decode().splitlines()) == words


@needs("cc")
def test_in_this_process_too(tmp_path: Path) -> None:
    python = script(tmp_path / "talker.py", "print('printed by Python')", "return Result.PASS")
    done = invoke("run", "--quiet", python, write(tmp_path / "m.jsonl", {"id": 1}))
    assert (len(records(done.stdout)), done.stderr) == (1, "printed by Python\n")


@needs("cc")
def test_verdicts_in_a_file_leave_standard_output_to_modules(tmp_path: Path) -> None:
    python = script(tmp_path / "talker.py", "print('printed by Python')", "return Result.PASS")
    messages = write(tmp_path / "m.jsonl", {"id": 1})
    done = execute("run", "--quiet", python, messages, "-o", tmp_path / "verdicts.jsonl")
    assert (done.stdout, done.stderr) == (b"printed by Python\n", b"")
