"""What reads foreign bytes in C, under libFuzzer: the corpus again, then new inputs for a bounded
time (FUZZ_SECONDS, for each target). What they reach is kept where FUZZ_KEPT says, for the next."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.common import Common
from tests.core.compiling import Toolchain
from tests.tools import needs

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("FUZZ_SECONDS", "2"))
TARGETS = {
    "columns": ["columns"],
    "crossing": ["crossing"],
    "events": ["events", "guest_doc2019", "guest_sdk2019", "guest_sdk2020"],
    "json_extract": ["json_extract"],
    "worker_mail": ["worker_mail"],
}
SANITIZERS = ("-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=all")
LIMITS = ("-max_len=8192", "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1")

pytestmark = [needs("clang"), pytest.mark.slow]

Built = Callable[[str], Path]


@pytest.fixture(scope="session")
def fuzzer(common: Common) -> Built:
    """The program of a target."""
    tools = Toolchain(common, "clang", SANITIZERS)

    def build(target: str) -> Path:
        sources = [HERE / "targets" / f"{name}.c" for name in TARGETS[target]]
        return common.made(target, lambda path: tools.program(path, sources, "-fsanitize=fuzzer"))

    return build


def run(program: Path, *arguments: object, folder: Path) -> str:
    """What it says; what it finds is left in the folder, and shown."""
    done = subprocess.run(
        [program, *LIMITS, f"-artifact_prefix={folder}/", *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.timeout(SECONDS + 600)
@pytest.mark.parametrize("target", TARGETS)
def test_foreign_bytes(fuzzer: Built, target: str, tmp_path: Path) -> None:
    corpus = HERE / "corpus" / target
    found = Path(os.environ.get("FUZZ_KEPT", tmp_path)) / target
    found.mkdir(parents=True, exist_ok=True)
    program = fuzzer(target)
    known = run(program, "-runs=0", corpus, folder=tmp_path)
    assert f"{len(list(corpus.iterdir()))} files found in {corpus}" in known.replace(":", "")
    said = run(program, f"-max_total_time={SECONDS}", found, corpus, folder=tmp_path)
    assert "stat::number_of_executed_units" in said
