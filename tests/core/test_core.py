"""The core stands without Python: a program in C is its host, also under the sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Built
from tests.tools import needs

ROOT = Path(__file__).parent.parent.parent
SOURCES = [
    Path(__file__).parent / "host.c",
    *sorted(ROOT.glob("csrc/*.c")),
    *sorted(ROOT.glob("csrc/revisions/*.c")),
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


@needs("cc")
@pytest.mark.parametrize(
    "sanitizer",
    ["", "-fsanitize=address,undefined", "-fsanitize=thread"],
    ids=["plain", "address and undefined", "thread"],
)
@pytest.mark.slow
def test_a_host_in_c(tmp_path: Path, built: Built, sanitizer: str) -> None:
    program = tmp_path / "host"
    flags = [*FLAGS, *filter(None, [sanitizer])]
    includes = ["-I", str(ROOT / "csrc"), "-I", str(ROOT / "include")]
    sources = [str(source) for source in SOURCES]
    compiled = subprocess.run(
        ["cc", *flags, *includes, "-o", str(program), *sources, "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (compiled.returncode, compiled.stdout + compiled.stderr) == (0, "")
    done = subprocess.run(
        [program, built("echo")], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (PRINTED, "", 0)
