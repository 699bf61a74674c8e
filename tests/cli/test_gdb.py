"""`mesibo-abi run --gdb`, with gdb."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, environment, execute, invoke, records, write
from tests.conftest import Built
from tests.tools import needs

pytestmark = [needs("cc", "gdb"), pytest.mark.timeout(120)]


def run(
    built: Built, folder: Path, *hows: str, options: tuple[str, ...] = ()
) -> tuple[list[dict[str, str]], str]:
    """The verdicts, and what was said, of messages for ends.c."""
    messages = write(folder / "m.jsonl", *({"to": "bob", "message": how} for how in hows))
    done = execute("run", "--gdb", *options, built("ends", "-g", "-O1"), messages)
    assert done.returncode == 0
    return records(done.stdout), done.stderr.decode()


def frames(said: str) -> list[str]:
    """The functions of the first backtrace, innermost first."""
    found: list[str] = []
    for number, name in re.findall(r"^#(\d+) +(?:0x[0-9a-f]+ in )?(\S+) \(", said, re.M):
        if int(number) < len(found):
            break
        found.append(name)
    return found


@pytest.mark.parametrize(
    ("how", "signal", "function"),
    [
        ("null", "SIGSEGV", "write_null"),
        ("recursion", "SIGSEGV", "recurse"),
        ("thread", "SIGSEGV", "write_null"),
    ],
)
def test_the_frame_of_a_fault(
    built: Built, tmp_path: Path, how: str, signal: str, function: str
) -> None:
    verdicts, said = run(built, tmp_path, how, "fine")
    assert f"received signal {signal}, " in said
    assert frames(said)[0] == function
    assert len(re.findall(r"^Thread \d+ \(", said, re.M)) == (2 if how == "thread" else 1)
    assert [verdict["result"] for verdict in verdicts] == ["FAIL", "PASS"]
    assert "module 'ends' ended its process in on_message" in verdicts[0]["error"]
    assert signal in verdicts[0]["error"]
    assert re.search(r"^module 'ends' has stopped in process \d+: what gdb says of it$", said, re.M)


def test_the_frame_of_who_jumped(built: Built, tmp_path: Path) -> None:
    _, said = run(built, tmp_path, "call null")
    assert "received signal SIGSEGV, " in said
    assert frames(said)[1] == "jump"


@pytest.mark.parametrize(("how", "function"), [("abort", "__GI_abort"), ("exit", "exit")])
def test_an_end_without_a_fault(built: Built, tmp_path: Path, how: str, function: str) -> None:
    verdicts, said = run(built, tmp_path, how, "fine")
    found = frames(said)
    assert function in found
    assert found.index(function) < found.index("on_message")
    assert [verdict["result"] for verdict in verdicts] == ["FAIL", "PASS"]


def test_a_hang(built: Built, tmp_path: Path) -> None:
    """gdb takes longer than the deadline, and has the time."""
    verdicts, said = run(built, tmp_path, "sleep", "fine", options=("--deadline", "1"))
    assert "on_message" in frames(said)
    assert [verdict["result"] for verdict in verdicts] == ["FAIL", "PASS"]
    assert "hung in on_message" in verdicts[0]["error"]


def test_an_init_that_crashes(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"message": "x"})
    done = execute("run", "--gdb", built("ends", "-g", '-DINIT="null"'), messages)
    assert done.returncode == 2
    assert frames(done.stderr.decode())[0] == "write_null"


def talk(built: Built, folder: Path, how: str, *commands: str) -> tuple[list[dict[str, str]], str]:
    """With a terminal: each command when gdb asks for one."""
    messages = write(folder / "m.jsonl", *({"message": text} for text in (how, "fine")))
    ours, theirs = pty.openpty()
    said, waiting = "", list(commands)
    with (
        (folder / "verdicts").open("wb") as verdicts,
        subprocess.Popen(
            [*COMMAND, "run", "--gdb", "--deadline", "1", built("ends", "-g", "-O1"), messages],
            stdin=theirs,
            stdout=verdicts,
            stderr=theirs,
            env={**environment(), "TERM": "dumb", "DEBUGINFOD_URLS": ""},
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # makes it ours
        ) as process,
    ):
        os.close(theirs)
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if not select.select([ours], [], [], 1)[0]:
                continue
            try:
                said += os.read(ours, 4096).decode(errors="replace")
            except OSError:
                break
            if said.endswith("(gdb) ") and waiting:
                said += "\n"
                os.write(ours, waiting.pop(0).encode() + b"\n")
            if said.endswith("(y or n) "):
                said += "\n"
                os.write(ours, b"y\n")
        assert process.wait(30) == 0
    os.close(ours)
    return records((folder / "verdicts").read_bytes()), said


def test_talking_to_it(built: Built, tmp_path: Path) -> None:
    verdicts, said = talk(built, tmp_path, "null", "bt 1", "print 6*7", "shell sleep 1", "quit")
    assert re.search(r"^#0 .* in write_null \(", said, re.M)
    assert "$1 = 42" in said
    assert [verdict["result"] for verdict in verdicts] == ["FAIL", "PASS"]
    assert "SIGSEGV" in verdicts[0]["error"]


def test_letting_it_go_on(built: Built, tmp_path: Path) -> None:
    """Whoever lets the process run on, behind what it was to end for, does not keep it."""
    verdicts, _ = talk(built, tmp_path, "abort", "return", "signal 0", "quit")
    assert [verdict["result"] for verdict in verdicts] == ["FAIL", "PASS"]
    assert "SIGABRT" in verdicts[0]["error"]


def test_killing_it(built: Built, tmp_path: Path) -> None:
    verdicts, _ = talk(built, tmp_path, "null", "kill", "quit")
    assert [verdict["result"] for verdict in verdicts] == ["FAIL", "PASS"]


def test_without_gdb(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = invoke("run", "--gdb", built("ends", "-g", "-O1"), write(tmp_path / "m.jsonl"))
    assert (done.exit_code, done.stderr) == (
        2,
        "run: --gdb needs gdb\n"
        "  expected it on the PATH, found none\n"
        "  hint: install it: apt install gdb\n",
    )
