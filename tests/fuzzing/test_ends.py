"""Modules that end the process: sources, all the way to findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mesibo_abi.fuzzing.budget import Budget, Progress
from mesibo_abi.fuzzing.campaign import distinct
from mesibo_abi.fuzzing.coverage import open_engine
from mesibo_abi.fuzzing.subject import Sanitizer, Subject
from tests.fuzzing.planted import nothing
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]

FUZZED = Path(__file__).parents[1] / "modules" / "fuzzed"


def ends(*ways: str) -> Subject:
    names = ("END", "OTHER")
    arguments = (f"-D{name}={way}" for name, way in zip(names, ways, strict=False))
    return Subject(sources=(FUZZED / "mesibo_mod_ends.c",), arguments=tuple(arguments))


AT_END = "exit in on_message at mesibo_mod_ends.c:19"
NOWHERE = "in outside of the module"


@pytest.mark.parametrize(
    ("way", "signature"),
    [
        ("exit(-1)", AT_END),
        ("exit(79)", AT_END),
        ("_exit(0)", AT_END),
        ("_exit(3)", AT_END),
        ("_Exit(200)", AT_END),
        ("quick_exit(139)", AT_END),
        ('errx(3,"no")', AT_END),
        ("syscall(SYS_exit_group,0)", f"exit {NOWHERE}"),
        ("syscall(SYS_exit_group,200)", f"exit {NOWHERE}"),
        ("kill(getpid(),SIGKILL)", f"SIGKILL {NOWHERE}"),
        ("kill(getpid(),SIGRTMIN+3)", f"SIGRTMIN+3 {NOWHERE}"),
        ("kill(getpid(),SIGSTOP)", "hang in on_message at mesibo_mod_ends.c:19"),
        ("return 7", "bad-result in on_message"),
    ],
)
def test_the_end_of_the_process_is_a_finding(tmp_path: Path, way: str, signature: str) -> None:
    with open_engine(ends(way)) as engine:
        found = list(distinct(engine, Budget(runs=200), tmp_path, nothing))
    assert [each.crash.signature for each in found] == [signature]
    assert found[0].crash.report
    assert len(found[0].case.steps) == 1


def test_a_hang_when_the_time_is_over(tmp_path: Path) -> None:
    with open_engine(ends("for (;;) params->aid++")) as engine:
        (found,) = engine.fuzz(Budget(duration=3), tmp_path, (), nothing)
    assert found.crash.signature.startswith("hang in on_message")


@pytest.mark.parametrize("sanitizer", [Sanitizer.ADDRESS, Sanitizer.THREAD])
def test_apart_and_with_threads_as_well(
    sanitizer: Sanitizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesibo_abi.fuzzing.coverage._UNCONFIRMED", 0)
    with open_engine(replace(ends("_exit(0)"), sanitizer=sanitizer)) as engine:
        found = list(distinct(engine, Budget(runs=100), tmp_path, nothing))
    assert [each.crash.signature for each in found] == [AT_END]


def test_two_exits_are_two_findings(tmp_path: Path) -> None:
    with open_engine(ends("exit(1)", "_exit(1)")) as engine:
        found = distinct(engine, Budget(runs=5000), tmp_path, nothing)
        signatures = {each.crash.signature for each in found}
    assert signatures == {AT_END, "exit in on_message at mesibo_mod_ends.c:17"}


def test_all_runs_are_used_where_a_module_exits(tmp_path: Path) -> None:
    said: list[Progress] = []
    with open_engine(ends("_exit(0)")) as engine:
        assert list(engine.fuzz(Budget(runs=50_000), tmp_path, (), said.append))
    assert said[-1].cases >= 50_000


def test_what_the_module_has_forked_may_exit(tmp_path: Path) -> None:
    forks = Subject(sources=(FUZZED / "mesibo_mod_forks.c",))
    with open_engine(forks) as engine:
        assert list(engine.fuzz(Budget(runs=60), tmp_path, (), nothing)) == []
