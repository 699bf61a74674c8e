"""What a module takes of its process: each that takes too much is caught by exactly one check, at
its line."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mesibo_abi
from mesibo_abi import CheckResult, InputError, Outcome
from mesibo_abi.checking import heap, probe
from mesibo_abi.checking.probe import Level, Live
from tests.checking.broken import Broken, found_exactly
from tests.cli.command import invoke
from tests.tools import needs

pytestmark = needs("cc", "c++", "addr2line", "valgrind")

FAILED, CRASHED = Outcome.FAILED, Outcome.CRASHED
SDK = "sdk2020"
SOON: dict[str, Any] = {"deadline": 2.0}
VALGRIND: dict[str, Any] = {"valgrind": True, "timeout": 300}


def init_of(source: str) -> str:
    return f"mesibo_module_{source}_init"


BROKEN = [
    Broken(
        "check/loses_memory",
        "resources.memory",
        FAILED,
        "on_message",
        evidence="expected as much memory as before, found 432 bytes in 120 blocks more after 432 "
        "calls, which grew in each of 4 parts of them, ",
    ),
    Broken(
        "check/keeps_history",
        "resources.memory",
        FAILED,
        "on_message",
        SDK,
        evidence="; its cleanup frees them",
    ),
    Broken(
        "check/maps_memory",
        "resources.memory",
        FAILED,
        "on_message_status",
        SDK,
        evidence="expected as much memory as before, found 1671168 bytes in 408 blocks more after ",
    ),
    Broken(
        "check/leaves_open",
        "resources.descriptors",
        FAILED,
        "on_message",
        SDK,
        evidence="expected none, found 432 more after 432 calls, the last of them /dev/null",
    ),
    Broken(
        "check/leaves_thread",
        "resources.threads",
        FAILED,
        "on_login",
        SDK,
        evidence="expected them to end, found 400 more after 400 calls",
    ),
    Broken(
        "check/keeps_body",
        "resources.answers",
        FAILED,
        "on_data",
        SDK,
        evidence="in 400 blocks more after 400 calls, which grew in each of 4 parts of them, ",
    ),
    Broken(
        "check/forgets_state",
        "resources.lives",
        FAILED,
        init_of("forgets_state"),
        SDK,
        evidence="found 6400 bytes in 100 blocks more after 100 times of init and cleanup",
    ),
    Broken(
        "check/never_closes",
        "resources.lives",
        FAILED,
        init_of("never_closes"),
        SDK,
        evidence="found 100 more after it was loaded and cleaned up 100 times, the last of them ",
    ),
    Broken(
        "check/waits_sometimes",
        "resources.time",
        CRASHED,
        "rest",
        SDK,
        options=SOON,
        evidence="expected it to return, it was still there",
    ),
    Broken(
        "check/keeps_lock",
        "resources.at-once",
        CRASHED,
        "on_message",
        SDK,
        options=SOON,
        evidence="expected it to return, one thread was still there",
    ),
    Broken(
        "check/one_too_short",
        "resources.heap",
        CRASHED,
        "on_message",
        SDK,
        evidence="found: free(): invalid pointer; it has 20 bytes, and was allocated by "
        "on_message, ",
    ),
    Broken(
        "check/reads_freed",
        "resources.valgrind",
        FAILED,
        "on_message",
        SDK,
        options=VALGRIND,
        evidence="expected nothing to be said by valgrind, found: Invalid read of size 1; Address ",
    ),
    Broken(
        "check/never_sets",
        "resources.valgrind",
        FAILED,
        "on_message",
        SDK,
        options=VALGRIND,
        evidence="found: Conditional jump or move depends on uninitialised value(s); "
        "Uninitialised value was created by a heap allocation by on_message, ",
    ),
    Broken(
        "check/returns_unset",
        "resources.valgrind",
        FAILED,
        "judge",
        SDK,
        options=VALGRIND,
        evidence="depends on uninitialised value(s); Uninitialised value was created by a heap",
    ),
    Broken(
        "check/remembers_request",
        "resources.valgrind",
        FAILED,
        "on_message",
        SDK,
        options=VALGRIND,
        evidence="bytes inside a block of size 4 free'd",
    ),
    Broken(
        "check/remembers_request",
        "resources.valgrind",
        FAILED,
        "on_message",
        SDK,
        extra_args=("-DANSWERED",),
        options=VALGRIND,
        evidence="bytes inside a block of size 4 free'd",
    ),
]


def checked(broken: Broken, tmp_path: Path) -> mesibo_abi.CheckReport:
    return mesibo_abi.check(broken.build(tmp_path), config=broken.items, **broken.options)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.check} {broken.source}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    found_exactly(broken, checked(broken, tmp_path))


def alone(
    source: str, check: str, folder: Path, revision: str = SDK, **options: Any
) -> CheckResult:
    """The result of one check of a module."""
    broken = Broken(source, check, FAILED, revision=revision)
    (result,) = mesibo_abi.check(broken.build(folder), only=[check], **options)
    return result


# ---- Time


def test_threads_that_wait_for_each_other(tmp_path: Path) -> None:
    """Only where several may be in it at once; each place where one hangs is named."""
    check, source = "resources.at-once", "check/other_order"
    assert alone(source, check, tmp_path, **SOON).outcome == Outcome.PASSED
    result = alone(source, check, tmp_path, **SOON, thread_safe=True)
    assert result.outcome == CRASHED
    path = Broken(source, check, CRASHED).path
    lines = path.read_text().splitlines()
    (taken,) = [n for n, line in enumerate(lines, 1) if "lock(inner);" in line and "un" not in line]
    assert f"count, {path}:{taken}" in [finding.where for finding in result.findings]
    assert all("on 8 threads" in finding.what for finding in result.findings)
    assert "--deadline 2 --thread-safe" in result.reproduce


# ---- Answers


@pytest.mark.parametrize(
    ("what", "line", "found"),
    [("OPEN", "open(", "1 descriptor open"), ("REST", "pthread_create(", "1 thread running")],
)
def test_what_an_answer_leaves(what: str, line: str, found: str, tmp_path: Path) -> None:
    broken = Broken("check/keeps_body", "", FAILED, revision=SDK, extra_args=(f"-D{what}",))
    report = mesibo_abi.check(broken.build(tmp_path), only=["resources"], timeout=300)
    lines = broken.path.read_text().splitlines()
    (number,) = [n for n, text in enumerate(lines, 1) if line in text]
    assert [result.check for result in report if result.findings] == ["resources.answers"]
    (finding,) = report["resources.answers"].findings
    assert finding.what == f"on_message leaves {found} a call, as its requests are answered"
    assert finding.where == f"on_data, {broken.path}:{number}"


# ---- The heap


@pytest.mark.parametrize(
    ("how", "function", "line"), [("twice", "free_twice", 6), ("inside", "on_message", 16)]
)
def test_what_is_freed_badly(how: str, function: str, line: int, tmp_path: Path) -> None:
    result = alone("check/frees_badly", "resources.heap", tmp_path, config={"how": how})
    assert result.outcome == CRASHED
    (finding,) = result.findings
    path = Broken("check/frees_badly", "", CRASHED).path
    assert finding.where == f"{function}, {path}:{line}"
    assert finding.evidence == (
        "expected a pointer that malloc gave and nobody has freed, found: free(): invalid pointer"
    )


def test_what_ends_the_probe_is_a_crash(tmp_path: Path) -> None:
    items = {"how": "null call"}
    result = alone("check/misbehave", "resources.heap", tmp_path, config=items)
    assert result.outcome == CRASHED
    assert result.findings[0].what == (
        "on_message ended the process with SIGSEGV, with the message b'hello there'"
    )


def test_an_exit_in_the_probe(tmp_path: Path) -> None:
    result = alone("check/misbehave", "resources.memory", tmp_path, config={"how": "exit"})
    assert result.outcome == CRASHED
    assert result.findings[0].evidence == "expected it to return, it called exit"


def test_without_a_checking_allocator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_PRELOADED", "libc_malloc_nowhere.so.0")
    result = alone("check/sound", "resources.heap", tmp_path, in_process=True)
    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "libc_malloc_nowhere.so.0 is not here: it comes with the C library (Debian: libc6)",
    )
    monkeypatch.setattr(heap, "_glibc", lambda: None)
    result = alone("check/sound", "resources.heap", tmp_path, in_process=True)
    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "this C library has no checking allocator (glibc has): try --valgrind",
    )


def test_glibc_of_old_has_it_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_glibc", lambda: (2, 33))
    assert "LD_PRELOAD" not in heap._environment()
    monkeypatch.setattr(heap, "_glibc", lambda: (2, 34))
    assert heap._environment()["LD_PRELOAD"] == "libc_malloc_debug.so.0"


# ---- Valgrind


def test_valgrind_is_only_asked_where_that_is_asked_for(tmp_path: Path) -> None:
    result = alone("check/reads_freed", "resources.valgrind", tmp_path)
    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "takes a second or more: ask for it with --valgrind",
    )


def test_without_valgrind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Broken("check/sound", "", FAILED, revision=SDK).build(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as caught:
        mesibo_abi.check(library, valgrind=True)
    assert str(caught.value) == (
        "check: no valgrind\n"
        "  expected the program valgrind on the PATH, as --valgrind asks for it, found none\n"
        "  hint: install it: apt-get install valgrind libc6-dbg, dnf install valgrind, or the like"
    )


def test_what_is_lost_under_valgrind(tmp_path: Path) -> None:
    check, source = "resources.valgrind", "check/loses_memory"
    result = alone(source, check, tmp_path, "doc2019", **VALGRIND)
    (finding,) = result.findings
    assert finding.what == "on_message loses memory"


@pytest.mark.parametrize("times", [10, 100, 20_000])
def test_more_descriptors_than_there_are(times: int, tmp_path: Path) -> None:
    """They are gone before anything could be seen to grow."""
    broken = Broken("check/leaves_open", "resources.descriptors", FAILED, revision=SDK)
    library = replace(broken, extra_args=(f"-DTIMES={times}",)).build(tmp_path)
    result = mesibo_abi.check(library, only=["resources.descriptors"])["resources.descriptors"]
    assert result.outcome is FAILED
    assert any("leaves_open.c:" in (finding.where or "") for finding in result.findings)


# ---- The command


def test_the_options_of_the_command(tmp_path: Path) -> None:
    library = Broken("check/waits_sometimes", "", FAILED, revision=SDK).build(tmp_path)
    done = invoke("check", "--json", "--only", "resources.time", "--deadline", "0.25", library)
    assert done.exit_code == 1
    assert "on_message did not return in 0.25 s, with the message" in done.stdout
    assert f"mesibo-abi check --only resources.time --deadline 0.25 {library}" in done.stdout


# ---- The probe


def test_a_report_is_read_as_it_is_written() -> None:
    report = probe.read_report(
        "level 0 -5 4096 7 3 48\nlevel 1 -5 4096 7 3 168\nlive 1 0 24 2 0\nstack 0 4096 17\n"
        "descriptor 9 -1 /a b\nlate 3\nhangs 3 10 11\nown 1\ndone"
    )
    assert report.levels == [Level(-5, 4096, 7, 3, 48), Level(-5, 4096, 7, 3, 168)]
    assert report.levels[0].memory == 4091
    assert report.live == {1: {0: Live(24, 2, 0)}}
    assert report.stacks == {0: (4096, 17)}
    assert report.opened == [(-1, "/a b")]
    assert (report.late, report.hangs) == (3, [(3, (10, 11))])
    assert (report.before, report.made, report.own_threads) == (48, 120, 1)
    assert report.done
    assert not report.refused


def test_the_probe_says_who_starts_it() -> None:
    done = subprocess.run([probe.PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "mesibo-abi-probe: expected to be started by a check, with its task; run: "
        "mesibo-abi check --only resources MODULE\n"
    )
