"""What a module does to the process of a check is a result, and done to no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import CheckResult, Error, Finding, Outcome
from mesibo_abi.checking import catalogue, child, supervisor
from mesibo_abi.checking.child import Task
from mesibo_abi.checking.subject import Check, Subject, Target
from mesibo_abi.checking.supervisor import Supervisor
from mesibo_abi.checking.wire import decode, encode
from tests.checking.broken import Broken
from tests.cli.command import environment
from tests.misbehaving.catalogue import ALL
from tests.tools import needs

pytestmark = needs("cc", "addr2line")

CHECK = "messages.results"


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("misbehave")
    broken = Broken(
        "check/misbehave", CHECK, Outcome.CRASHED, revision="sdk2020", extra_args=("-O0",)
    )
    return broken.build(folder)


def how(library: Path, what: str, **options: float) -> CheckResult:
    # The options that are numbers, which no type can tell.
    (result,) = mesibo_abi.check(library, config={"how": what}, only=[CHECK], **options)  # type: ignore[arg-type]
    return result


ENDS = [
    ("exit", "by itself, with status 0", "it called exit"),
    ("_exit", "by itself, with status 7", "it called exit"),
    ("assert", "with SIGABRT", "it aborted"),
    ("kill", "with SIGKILL", "found SIGKILL"),
    ("term", "with SIGTERM", "found SIGTERM"),
    ("thread", "with SIGSEGV", "it wrote at address 0x0: a NULL pointer"),
    ("null call", "with SIGSEGV", "at address 0x0: a NULL pointer"),
    ("trap", "with SIGILL", "found SIGILL"),
]


@pytest.mark.parametrize(("what", "end", "evidence"), ENDS)
def test_an_end_of_the_process(misbehaving: Path, what: str, end: str, evidence: str) -> None:
    result = how(misbehaving, what)
    assert result.outcome is Outcome.CRASHED
    (finding,) = result.findings
    assert finding.what == f"on_message ended the process {end}, with a message of 11 bytes: " + (
        "b'hello there'"
    )
    assert evidence in finding.evidence
    named = {"_exit": None, "kill": None, "term": None, "thread": "crash"}.get(what, "on_message")
    assert (finding.where or "None").split(",")[0] == str(named)
    assert f"how: {what}" in result.output


def test_what_it_printed_is_told(misbehaving: Path) -> None:
    output = how(misbehaving, "assert").output
    assert any("Assertion `len == 0' failed" in line for line in output)
    assert "how: code" in how(misbehaving, "code").output


def test_one_that_hangs(misbehaving: Path) -> None:
    result = how(misbehaving, "hang", timeout=3)
    assert result.outcome is Outcome.CRASHED
    (finding,) = result.findings
    assert finding.what.startswith("on_message did not return in 3 s, with a message of 11 bytes")
    assert finding.where is not None
    assert finding.where.split(",")[0] == "hang"
    assert "it was still running" in finding.evidence


def test_many_calls_that_are_fast_enough_are_not_blamed(tmp_path: Path) -> None:
    library = Broken("check/takes_its_time", "", Outcome.PASSED).build(tmp_path)
    (result,) = mesibo_abi.check(library, only=["messages.ordinary"], timeout=1.5)
    assert (result.outcome, result.findings) == (Outcome.SKIPPED, ())
    assert result.reason == (
        "each call returned in time, all took more than 1.5 s: give it a longer --timeout"
    )
    assert "--only messages.ordinary --timeout 1.5" in result.reproduce


def test_what_it_leaves_behind_is_ended(misbehaving: Path) -> None:
    assert how(misbehaving, "child").outcome is Outcome.PASSED
    processes = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/maps")]
    mapped = [pid for pid in processes if str(misbehaving) in maps_of(pid) and pid != os.getpid()]
    assert mapped == []


def maps_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return ""


def test_others_are_run_after_one_that_crashed(misbehaving: Path) -> None:
    report = mesibo_abi.check(misbehaving, config={"how": "trap"})
    assert report["static.machine"].outcome is Outcome.PASSED
    assert report["init.loads"].outcome is Outcome.PASSED
    assert report["lifecycle.cleanup"].outcome is Outcome.CRASHED
    again = report["lifecycle.again"]
    assert (again.outcome, again.reason) == (
        Outcome.SKIPPED,
        "needs lifecycle.cleanup, which crashed",
    )
    absurd = report["init.absurd-items"]
    assert (absurd.outcome, absurd.reason) == (
        Outcome.SKIPPED,
        "needs lifecycle.again, which was skipped",
    )
    assert not report.passed


def test_progress_is_told_at_once(misbehaving: Path) -> None:
    seen: list[CheckResult] = []
    report = mesibo_abi.check(misbehaving, only=["static"], progress=seen.append)
    assert tuple(seen) == report.results
    assert [result.check for result in seen] == [
        check.name for check in catalogue.CHECKS if check.name.startswith("static.")
    ]


def test_the_command_that_runs_it_again_does(misbehaving: Path) -> None:
    result = how(misbehaving, "null call")
    assert result.reproduce == (
        f"mesibo-abi check --only {CHECK} --config 'how=null call' {misbehaving}"
    )
    words = result.reproduce.replace("mesibo-abi", f"{sys.executable} -P -m mesibo_abi.cli", 1)
    done = subprocess.run(words, shell=True, capture_output=True, env=environment(), timeout=60)
    assert done.returncode == 1
    assert b"crashed  messages.results" in done.stdout


def test_in_this_process_it_ends_it(misbehaving: Path) -> None:
    """Where a debugger is."""
    command = [sys.executable, "-P", "-m", "mesibo_abi.cli", "check", "--in-process"]
    for what, status in (("trap", -signal.SIGILL), ("_exit", 7), ("code", 1), ("pass", 0)):
        done = subprocess.run(
            [*command, "--only", CHECK, "--config", f"how={what}", str(misbehaving)],
            capture_output=True,
            env=environment(),
            timeout=60,
        )
        assert done.returncode == status, done.stderr


def test_in_this_process_a_result_is_the_same(misbehaving: Path) -> None:
    here, there = (
        mesibo_abi.check(misbehaving, config={"how": "code"}, only=[CHECK], in_process=where)[CHECK]
        for where in (True, False)
    )
    assert here.findings == there.findings
    assert here.outcome is Outcome.FAILED


@pytest.mark.timeout(60)
def test_ctrl_c_ends_all(misbehaving: Path) -> None:
    """The process of the check, too, which has a group of its own."""
    command = [sys.executable, "-P", "-m", "mesibo_abi.cli", "check", "--only", CHECK]
    process = subprocess.Popen(
        [*command, "--config", "how=hang", str(misbehaving)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        while str(misbehaving) not in "".join(map(maps_of, descendants(process.pid))):
            assert process.poll() is None
            time.sleep(0.02)
        children = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        for child in children:
            while Path(f"/proc/{child}").exists():
                time.sleep(0.02)
    finally:
        process.kill()
        process.communicate()


def descendants(process: int) -> list[int]:
    found: list[int] = []
    for task in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(task.read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            child = int(task.parent.name)
            found += [child, *descendants(child)]
    return found


def test_a_process_of_the_checks_that_ends_is_an_error(misbehaving: Path) -> None:
    with Supervisor(Target(misbehaving), 30.0) as supervisor:
        supervisor._process.kill()
        with pytest.raises(Error, match=r"the process that runs static\.loadable has ended"):
            supervisor.run(catalogue.BY_NAME["static.loadable"])


def built(name: str, folder: Path) -> Path:
    """One of tests/modules/misbehaving."""
    (what,) = (each for each in ALL if each.name == name)
    return what.build(folder)


def test_a_module_that_writes_over_what_tells_of_it_is_a_finding(tmp_path: Path) -> None:
    library = built("scribble_all", tmp_path)
    report = mesibo_abi.check(library, only=["messages.ordinary"])
    (result,) = report.of("crashed")
    (finding,) = result.findings
    # How far it comes before it meets memory that it needs hangs on where that lies.
    over = "the module ended the process with SIGSEGV"
    before = "on_message ended the process with SIGSEGV, with a message of 11 bytes: b'hello there'"
    assert finding.what in (over, before)


def test_a_module_that_ends_the_process_of_the_checks_is_a_finding(tmp_path: Path) -> None:
    report = mesibo_abi.check(built("kill_parent", tmp_path), only=["messages"])
    (result,) = report.of("crashed")
    assert result.check == "messages.ordinary"
    assert result.findings[0].what == (
        "it ended the process that had started it, and not only its own"
    )


@pytest.mark.parametrize("name", ["fork_stays", "fork_returns", "daemon"])
def test_nothing_that_a_module_forked_off_is_left(tmp_path: Path, name: str) -> None:
    library = built(name, tmp_path)
    mesibo_abi.check(library, only=["messages.ordinary"])
    left = [path for path in Path("/proc").glob("[0-9]*/maps") if str(library) in text_of(path)]
    assert left == []


def text_of(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # it ended meanwhile


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # tests before may have threads
def test_a_check_that_fails_by_itself_is_a_warning(
    misbehaving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_subject: Subject) -> Iterator[Finding]:
        raise ValueError("by itself")
        yield

    check = Check("x.y", "says", run)
    monkeypatch.setitem(catalogue.BY_NAME, "x.y", check)
    monkeypatch.setattr(child, "end_strays", lambda: None)  # servers of others are ours
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        answer = child._run_forked(Task(Target(misbehaving), "x.y", 30.0))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert answer.result is None
    assert (answer.error or "").endswith("ValueError: by itself\n")
    result = supervisor.result_of(check, answer)
    assert (result.check, result.outcome, result.output[-1]) == (
        "x.y",
        Outcome.WARNING,
        "ValueError: by itself",
    )
    (finding,) = result.findings
    assert (finding.what, finding.evidence, finding.where) == (
        "the check failed by itself: nothing is known of the module",
        "expected a result of x.y, found ValueError: by itself",
        None,
    )


def test_a_revision_that_the_file_is_certain_to_be_against(misbehaving: Path) -> None:
    report = mesibo_abi.check(misbehaving, revision="sdk2019", only=["init.loads"])
    (finding,) = report["init.loads"].findings
    assert "expected sdk2019, found sdk2020 (told by its tag)" in finding.evidence


def test_results_cross_as_they_are() -> None:
    finding = Finding("what \udcff", "expected", "cure", None, True)
    result = CheckResult("a.b", "says", Outcome.WARNING, (finding,), None, ("line",), "again", 0.5)
    assert decode(encode(result), CheckResult) == result
    task = Task(Target(Path("/a\udcffb/é.so"), {"key": "\udcff"}), "a.b", 1.0)
    assert decode(encode(task), Task) == task
