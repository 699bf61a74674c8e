"""`mesibo-abi doctor`: a table for people, an object for programs, and its exit status."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

import mesibo_abi.doctor
from mesibo_abi.doctor import Area, State, Tool
from tests.cli.command import COMMAND, environment, invoke

WELL = [
    Tool(Area.COMPILERS, "C compiler", "build", State.FOUND, "cc 1", "/bin/cc"),
    Tool(Area.DEBUGGERS, "gdb", "run --gdb", State.SPARED, detail="lldb does its work"),
]
MISSING = Tool(
    Area.DEBUGGERS, "valgrind", "check", State.MISSING, detail="no\x1b", install="apt-get it"
)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> list[Tool]:
    found = list(WELL)

    def examine() -> Iterator[Tool]:
        yield from found

    monkeypatch.setattr(mesibo_abi.doctor, "examine", examine)
    return found


def test_all_is_there(tools: list[Tool]) -> None:
    done = invoke("doctor")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "compilers\n"
        "found    C compiler                     cc 1  /bin/cc\n"
        "debuggers\n"
        "spared   gdb                            run --gdb\n"
        "         lldb does its work\n"
        "2 of 2 are as they should be\n"
    )


def test_something_is_missing(tools: list[Tool]) -> None:
    tools.append(MISSING)
    done = invoke("doctor")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-4:] == [
        "missing  valgrind                       check",
        "         no\\x1b",
        "         install: apt-get it",
        "2 of 3 are as they should be",
    ]


@pytest.mark.parametrize("state", [State.MISSING, State.BROKEN])
def test_as_json(tools: list[Tool], state: State) -> None:
    tools.append(Tool(Area.EXTRAS, "x", "y", state))
    done = invoke("doctor", "--json")
    assert done.exit_code == 1
    (line,) = done.stdout.splitlines()
    first, *_, last = json.loads(line)["tools"]
    assert first == {
        "area": "compilers",
        "name": "C compiler",
        "purpose": "build",
        "state": "found",
        "version": "cc 1",
        "path": "/bin/cc",
        "detail": "",
        "install": "",
    }
    assert (last["area"], last["state"]) == ("extras", str(state))


def test_an_empty_path() -> None:
    """For real: nothing that is looked for on the PATH is there."""
    done = subprocess.run(
        [*COMMAND, "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**environment(), "PATH": "", "CC": "", "CXX": ""},
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (1, "")
    tools = json.loads(done.stdout)["tools"]
    native = [tool for tool in tools if tool["area"] not in ("testing", "extras")]
    assert {tool["state"] for tool in native} == {"missing"}
    assert len(native) == 11
    assert all(tool["install"] for tool in native)
