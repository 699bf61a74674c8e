"""The core's own programs on another machine (aarch64, under qemu-user), and under valgrind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mesibo_abi.paths import get_include
from tests.common import Common
from tests.conftest import SOURCES
from tests.core.compiling import WORKER, Toolchain
from tests.core.test_core import PRINTED
from tests.scenarios import program as scenarios
from tests.tools import needs

HERE = Path(__file__).parent
ARM = "aarch64-linux-gnu-gcc"
QEMU = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full"]
ALL_PROCESSES = [*VALGRIND, "--trace-children=yes", "--show-leak-kinds=definite"]
UNKNOWN_CALL = re.compile(r"--\d+-- ")

pytestmark = pytest.mark.slow


def echo(compiler: str, folder: Path) -> Path:
    """The module of tests/modules/echo.c."""
    library = folder / "mesibo_mod_echo.so"
    flags = ["-shared", "-fPIC", "-g", "-I", get_include("doc2019"), "-o", str(library)]
    subprocess.run([compiler, *flags, str(SOURCES / "echo.c")], check=True)
    return library


@pytest.fixture(scope="module")
def arm(common: Common) -> Toolchain:
    return Toolchain(common, ARM)


@pytest.fixture(scope="module")
def plain(common: Common) -> Toolchain:
    return Toolchain(common)


def player(common: Common, tools: Toolchain) -> Path:
    """What plays a scenario once, and nothing of it fails."""
    return common.made(
        "scenarios",
        lambda path: tools.program(path, [scenarios.HERE / "main.c", *scenarios.SOURCES]),
        tools.compiler,
    )


def run(*command: object) -> tuple[int, str, str]:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@needs(ARM, "qemu-aarch64")
def test_a_host_on_aarch64(tmp_path: Path, arm: Toolchain) -> None:
    program = arm.program(tmp_path / "host", [HERE / "host.c"])
    assert run(*QEMU, program, echo(ARM, tmp_path)) == (0, PRINTED, "")


@needs(ARM, "qemu-aarch64")
@pytest.mark.parametrize("arguments", [[], ["plain"]], ids=["membarrier", "fence"])
def test_the_lock_on_aarch64(tmp_path: Path, arm: Toolchain, arguments: list[str]) -> None:
    program = arm.program(tmp_path / "lock", [HERE / "lock.c"])
    said = "160000 of 160000\nowner 0, depth 0, waiting 0\n"
    assert run(*QEMU, program, *arguments) == (0, said, "")


@needs(ARM, "qemu-aarch64")
def test_waking_on_aarch64(tmp_path: Path, arm: Toolchain) -> None:
    program = arm.program(tmp_path / "wakeup", [HERE / "wakeup.c"])
    assert run(*QEMU, program) == (0, "200000 of 200000 served\n", "")


@needs("cc", "valgrind")
def test_a_host_under_valgrind(tmp_path: Path, plain: Toolchain) -> None:
    program = plain.program(tmp_path / "host", [HERE / "host.c"])
    assert run(*VALGRIND, program, echo("cc", tmp_path)) == (0, PRINTED, "")


@needs("cc", "valgrind")
def test_a_trace_under_valgrind(tmp_path: Path, plain: Toolchain) -> None:
    program = plain.program(tmp_path / "trace", [HERE / "trace.c"])
    status, said, errors = run(*VALGRIND, program, echo("cc", tmp_path))
    assert (status, errors) == (0, "")
    assert "4001 crossings, 0 dropped\n" in said


@needs(ARM, "qemu-aarch64")
@pytest.mark.parametrize("scenario", scenarios.IN_ONE_PROCESS)
def test_scenarios_on_aarch64(
    common: Common, arm: Toolchain, plain: Toolchain, scenario: str
) -> None:
    """What is seen there is what is seen here."""
    here = run(player(common, plain), scenario, *scenarios.libraries(common))
    assert here[0] == 0
    assert run(*QEMU, player(common, arm), scenario, *scenarios.libraries(common, ARM)) == here


@needs("cc", "valgrind")
@pytest.mark.parametrize("scenario", scenarios.IN_ONE_PROCESS)
def test_scenarios_under_valgrind(common: Common, plain: Toolchain, scenario: str) -> None:
    played = (player(common, plain), scenario, *scenarios.libraries(common))
    alone = run(*played)
    assert (alone[0], alone[2]) == (0, "")
    assert run(*VALGRIND, *played) == alone


# Not "limits": valgrind's own descriptors lie above any.
@needs("cc", "valgrind")
@pytest.mark.parametrize("scenario", sorted({*scenarios.ISOLATED} - {"limits"}))
def test_modules_and_their_processes_under_valgrind(
    common: Common, plain: Toolchain, scenario: str
) -> None:
    """The host, its zygotes and its workers. One that is ended holds what the loader has made; and
    the system call of a filter is one that valgrind does not know."""
    worker = common.made("worker", lambda path: plain.program(path, WORKER), "plain")
    played = (player(common, plain), scenario, *scenarios.libraries(common), worker)
    status, seen, errors = run(*ALL_PROCESSES, *played)
    said = [line for line in errors.splitlines() if not UNKNOWN_CALL.match(line)]
    assert (status, said) == (0, [])
    assert seen == run(*played)[1]


@needs("cc", "valgrind")
def test_valgrind_sees_what_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "lost.c"
    source.write_text("#include <stdlib.h>\nint main(void) { return malloc(7) == NULL; }\n")
    subprocess.run(["cc", "-O0", "-o", str(tmp_path / "lost"), str(source)], check=True)
    status, _, errors = run(*VALGRIND, tmp_path / "lost")
    assert (status, "7 bytes in 1 blocks are definitely lost" in errors) == (9, True)
