"""Leaks: of a module that always leaks, and where nobody can see them."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.finding import LEAK
from mesibo_abi.fuzzing.subject import Subject
from tests.cli.command import COMMAND, environment
from tests.fuzzing.planted import FOLDER, findings
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]

LEAKY = Subject(sources=(FOLDER.with_name("fuzzed") / "mesibo_mod_leaky.c",))


def test_what_always_leaks_does_not_hide_what_else_there_is() -> None:
    with closing(findings(LEAKY)) as found:
        kinds = {next(found).crash.kind, next(found).crash.kind}
    assert kinds == {LEAK, "stack-buffer-overflow write"}


@pytest.fixture(scope="module")
def no_ptrace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("no_ptrace") / "no_ptrace"
    source = Path(__file__).with_name("no_ptrace.c")
    subprocess.run(["cc", "-std=gnu17", source, "-o", program], check=True)
    return program


UNSEEN = (
    "warning: leaks are not looked for: LeakSanitizer must trace its own process, and ptrace is "
    "forbidden here; allow it (in a container: --cap-add=SYS_PTRACE), and run it under no debugger "
    "and no strace\n"
)


def fuzz(no_ptrace: Path, *arguments: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [no_ptrace, *COMMAND, "fuzz", *arguments],
        capture_output=True,
        check=False,
        env=environment(),
        timeout=200,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def test_without_ptrace_it_goes_on_without_leaks(no_ptrace: Path, tmp_path: Path) -> None:
    output = ("-o", tmp_path / "findings")
    overread = FOLDER / "mesibo_mod_overread.c"
    status, said, told = fuzz(no_ptrace, "--runs", "300", *output, overread)
    assert status == 1
    assert said.count("found      ") == 1
    assert "found      heap-buffer-overflow read in on_message" in said
    assert told.startswith(f"{UNSEEN}1 finding in ")
    mended = (overread, "--", "-DMENDED")
    status, said, told = fuzz(no_ptrace, "--runs", "300", *output, *mended)
    assert (status, said) == (0, "")
    assert told.startswith(f"{UNSEEN}nothing was found in ")


def test_without_ptrace_nobody_says_that_a_leak_is_mended(no_ptrace: Path, tmp_path: Path) -> None:
    leak = Subject(sources=(FOLDER / "mesibo_mod_leak.c",))
    with closing(findings(leak)) as found:
        path, _ = files.write(next(found), leak, tmp_path)
    assert fuzz(no_ptrace, "--reproduce", path) == (
        2,
        "",
        f"{UNSEEN}{path}: whether it leaks cannot be told\n"
        "  expected LeakSanitizer to work, found that ptrace is forbidden here\n"
        "  hint: allow it (in a container: --cap-add=SYS_PTRACE), and run it under no debugger and "
        "no strace\n",
    )
