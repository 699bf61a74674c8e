"""Each allocation and each system call of the core fails in turn, in a host and in a worker:
nothing is lost, left open or left running, nothing hangs or dies, and words say what failed."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.common import Common
from tests.core.compiling import ADDRESS_AND_UNDEFINED, WORKER, Toolchain
from tests.scenarios.program import IN_ONE_PROCESS, ISOLATED, SOURCES, libraries
from tests.tools import needs

HERE = Path(__file__).parent

pytestmark = [needs("cc"), pytest.mark.slow]


class Programs(NamedTuple):
    """The program that plays scenarios, and what it needs: libraries and the worker."""

    player: Path
    needed: list[Path]


@pytest.fixture(scope="session")
def programs(common: Common) -> Programs:
    tools = Toolchain(common, flags=ADDRESS_AND_UNDEFINED)
    layer = HERE / "faults.c"
    wrapped = wraps(layer)

    def program(name: str, *sources: Path) -> Path:
        return common.made(name, lambda path: tools.program(path, [*sources, layer], *wrapped))

    worker = program("worker", *WORKER)
    player = program("faults", HERE / "main.c", *SOURCES)
    return Programs(player, [*libraries(common), worker])


def wraps(layer: Path) -> list[str]:
    """For the linker: what the layer stands in front of."""
    preprocessed = subprocess.run(
        ["cc", "-E", "-P", str(layer)], capture_output=True, text=True, check=True
    ).stdout
    names = sorted(set(re.findall(r"\b__wrap_(\w+)", preprocessed)))
    return [f"-Wl,--wrap={name}" for name in names]


def play(programs: Programs, role: str, mode: str, scenario: str) -> None:
    done = subprocess.run(
        [programs.player, role, mode, scenario, *programs.needed],
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout.splitlines()
    where = programs.player if role == "host" else programs.needed[-1]
    assert done.returncode == 0, located(where, told) + done.stderr
    failed, *_, harmed = told[-1].split(" calls failed, ")
    assert harmed == "0 did harm"
    assert int(failed) > 0


def located(program: Path, told: list[str]) -> str:
    """The lines, each with the function and the line of the core that its address stands for."""

    @functools.cache
    def place(address: str) -> str:
        found = subprocess.run(
            ["addr2line", "-fse", str(program), address],
            capture_output=True,
            text=True,
            check=False,
        )
        return " ".join(found.stdout.split())

    lines = []
    for line in told:
        _, at, rest = line.partition(" at 0x")
        lines.append(f"{line} ({place('0x' + rest.split(':')[0])})" if at else line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("mode", ["once", "exhausted"])
@pytest.mark.parametrize("scenario", IN_ONE_PROCESS)
def test_a_host(programs: Programs, scenario: str, mode: str) -> None:
    play(programs, "host", mode, scenario)


@pytest.mark.parametrize("scenario", ["requests", "trace", "guess", "trial"])
def test_a_host_that_is_interrupted(programs: Programs, scenario: str) -> None:
    play(programs, "host", "interrupted", scenario)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", ["once", "exhausted", "interrupted"])
@pytest.mark.parametrize("role", ["host", "worker"])
@pytest.mark.parametrize("scenario", ISOLATED)
def test_modules_in_processes_of_their_own(
    programs: Programs, scenario: str, role: str, mode: str
) -> None:
    play(programs, role, mode, scenario)
