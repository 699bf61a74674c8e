"""The core stands without Python: a program in C is its host, also under the sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Built
from tests.tools import needs

ROOT = Path(__file__).parent.parent.parent
CORE = [
    *sorted(ROOT.glob("csrc/*.c")),
    *sorted(ROOT.glob("csrc/revisions/*.c")),
    *sorted(ROOT.glob("csrc/isolation/*.c")),
    *sorted(ROOT.glob("csrc/trial/*.c")),
]
FLAGS = ["-std=c17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-rdynamic"]
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


sanitized = pytest.mark.parametrize(
    "sanitizer",
    ["", "-fsanitize=address,undefined", "-fsanitize=thread"],
    ids=["plain", "address and undefined", "thread"],
)


def compiled(program: Path, sanitizer: str) -> Path:
    """tests/core/<program>.c with the whole core."""
    flags = [*FLAGS, *filter(None, [sanitizer])]
    includes = ["-I", str(ROOT / "csrc"), "-I", str(ROOT / "include")]
    sources = [str(Path(__file__).parent / f"{program.name}.c"), *map(str, CORE)]
    done = subprocess.run(
        ["cc", *flags, *includes, "-o", str(program), *sources, "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return program


@needs("cc")
@sanitized
@pytest.mark.slow
def test_a_host_in_c(tmp_path: Path, built: Built, sanitizer: str) -> None:
    program = compiled(tmp_path / "host", sanitizer)
    done = subprocess.run(
        [program, built("echo")], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (PRINTED, "", 0)


@needs("cc")
@sanitized
@pytest.mark.slow
def test_whoever_serves_is_woken_each_time(tmp_path: Path, sanitizer: str) -> None:
    program = compiled(tmp_path / "wakeup", sanitizer)
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("200000 of 200000 served\n", "", 0)


@needs("cc")
@sanitized
@pytest.mark.parametrize("arguments", [[], ["plain"]], ids=["membarrier", "fence"])
@pytest.mark.slow
def test_the_lock(tmp_path: Path, sanitizer: str, arguments: list[str]) -> None:
    program = compiled(tmp_path / "lock", sanitizer)
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
def test_a_trace(tmp_path: Path, built: Built, sanitizer: str) -> None:
    program = compiled(tmp_path / "trace", sanitizer)
    done = subprocess.run(
        [program, built("echo")], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (
        "4001 crossings, 0 dropped\n4003 lines, 4003 of them whole\n80000 in order, 0 dropped\n",
        "",
        0,
    )
