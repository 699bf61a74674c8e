"""The core stands without Python: a program in C is its host, also under the sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.common import Common
from tests.conftest import Built
from tests.core.compiling import ADDRESS_AND_UNDEFINED, Toolchain
from tests.tools import needs

PRINTED = """\
result 0 by nobody
echo sent hello to bob
own logged hello
result 0 by nobody
echo sent hello to bob
own logged hello
result 0 by nobody
echo sent hello to bob
own logged hello
own returned 1
3 answers
echo closed: 0, cleanup 0
own closed: 0, cleanup 0
"""


HERE = Path(__file__).parent
SANITIZERS = {
    "plain": (),
    "address and undefined": ADDRESS_AND_UNDEFINED,
    "thread": ("-fsanitize=thread", "-fno-sanitize-recover=all"),
}

sanitized = pytest.mark.parametrize("tools", SANITIZERS, indirect=True)


@pytest.fixture(scope="module")
def tools(request: pytest.FixtureRequest, common: Common) -> Toolchain:
    return Toolchain(common, flags=SANITIZERS[request.param])


def compiled(program: Path, tools: Toolchain) -> Path:
    """tests/core/<program>.c with the whole core."""
    return tools.program(program, [HERE / f"{program.name}.c"])


@needs("cc")
@sanitized
@pytest.mark.slow
def test_a_host_in_c(tmp_path: Path, built: Built, tools: Toolchain) -> None:
    program = compiled(tmp_path / "host", tools)
    done = subprocess.run(
        [program, built("echo")], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (PRINTED, "", 0)


@needs("cc")
@sanitized
@pytest.mark.slow
def test_whoever_serves_is_woken_each_time(tmp_path: Path, tools: Toolchain) -> None:
    program = compiled(tmp_path / "wakeup", tools)
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("200000 of 200000 served\n", "", 0)


@needs("cc")
@sanitized
@pytest.mark.parametrize("arguments", [[], ["plain"]], ids=["membarrier", "fence"])
@pytest.mark.slow
def test_the_lock(tmp_path: Path, tools: Toolchain, arguments: list[str]) -> None:
    program = compiled(tmp_path / "lock", tools)
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (
        "160000 of 160000\nowner 0, depth 0, waiting 0\n",
        "",
        0,
    )


@needs("cc")
@sanitized
@pytest.mark.slow
def test_a_trace(tmp_path: Path, built: Built, tools: Toolchain) -> None:
    program = compiled(tmp_path / "trace", tools)
    done = subprocess.run(
        [program, built("echo")], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (
        "4001 crossings, 0 dropped\n4003 lines, 4003 of them whole\n80000 in order, 0 dropped\n"
        "left, 1 behind it\n",
        "",
        0,
    )
