"""`mesibo-abi fuzz`: what it prints and writes, and how it exits."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi.errors import InputError
from tests.cli.command import COMMAND, environment, execute, invoke
from tests.fuzzing.planted import BY_NAME
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]

OVERREAD = BY_NAME["overread"].source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "overread.c"
    path.write_text(OVERREAD.read_text())
    return path


def mend(source: Path) -> None:
    source.write_text("#define MENDED\n" + source.read_text())


def test_from_a_bug_to_a_mended_module(source: Path, tmp_path: Path) -> None:
    findings = tmp_path / "findings"
    done = invoke("fuzz", "--runs", "300", "-o", findings, source)
    (path,) = findings.glob("*.jsonl")
    (test,) = findings.glob("test_*.py")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "found      heap-buffer-overflow read in on_message at overread.c:13"
    assert f"case       {path}" in lines
    assert f"test       {test}" in lines
    assert f"again      mesibo-abi fuzz --reproduce {path}" in lines
    assert done.stderr.startswith("1 finding in ")

    again = invoke("fuzz", "--reproduce", path)
    assert again.exit_code == 1
    assert "AddressSanitizer" in again.stdout
    assert pytest_on(test).returncode == 1

    mend(source)
    assert invoke("fuzz", "--reproduce", path).exit_code == 0
    assert pytest_on(test).returncode == 0
    done = invoke("fuzz", "--runs", "300", "-o", findings, source)
    assert (done.exit_code, done.stdout) == (0, "")
    assert re.match(r"nothing was found in [1-9]\d* cases, [\d,]+ a second\n", done.stderr)


def pytest_on(test: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", test.name]
    return subprocess.run(
        command, cwd=test.parent, env=environment(), capture_output=True, check=False, timeout=200
    )


def test_arguments_go_to_the_compiler(source: Path, tmp_path: Path) -> None:
    done = invoke("fuzz", "--runs", "300", "-o", tmp_path / "none", source, "--", "-DMENDED")
    assert (done.exit_code, done.stdout) == (0, "")
    assert not (tmp_path / "none").exists()


def test_single_events_are_counted_as_such(source: Path, tmp_path: Path) -> None:
    done = invoke(
        *("fuzz", "--runs", "300", "--events", "1", "-o", tmp_path / "none", source),
        *("--", "-DMENDED"),
    )
    assert (done.exit_code, done.stdout) == (0, "")
    assert re.fullmatch(
        r"nothing was found in [1-9]\d* single events, [\d,]+ a second\n", done.stderr
    )


def test_a_finding_with_arguments_goes_with_its_folder(source: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "inc").mkdir(parents=True)
    (project / "inc" / "limit.h").write_text("")
    (project / "src.c").write_text('#include "limit.h"\n' + source.read_text())
    done = execute("fuzz", "--runs", "300", "src.c", "--", "-Iinc", cwd=project)
    assert done.returncode == 1, done.stderr
    (path,) = (project / "findings").glob("*.jsonl")
    for cwd, name in ((project, path), (path.parent, path.name), (tmp_path, path)):
        again = execute("fuzz", "--reproduce", name, cwd=cwd)
        assert again.returncode == 1, again.stderr
    moved = project.rename(tmp_path / "moved")
    assert execute("fuzz", "--reproduce", path.name, cwd=moved / "findings").returncode == 1
    (test,) = (moved / "findings").glob("test_*.py")
    assert b"AddressSanitizer" in pytest_on(test).stdout


def test_a_finding_keeps_the_flags_of_the_environment(source: Path, tmp_path: Path) -> None:
    """With -DMENDED nothing would be found, and without <limit.h> it does not compile."""
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "limit.h").write_text("")
    (tmp_path / "src.c").write_text("#include LIMITS\n" + source.read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CPPFLAGS", "-Iinc")
        patch.setenv("CFLAGS", "-DLIMITS='<limit.h>'")
        done = execute("fuzz", "--runs", "300", "src.c", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (path,) = (tmp_path / "findings").glob("*.jsonl")
    again = execute("fuzz", "--reproduce", path.name, cwd=path.parent)
    assert again.returncode == 1, again.stderr


def test_items_and_a_corpus(tmp_path: Path) -> None:
    corpus, findings = tmp_path / "corpus", tmp_path / "findings"
    module = BY_NAME["long_item"]
    done = invoke(
        *("fuzz", "--duration", "200", "--runs", "3000", "--jobs", "2", "--seed", "7"),
        *("--config", "prefix=much longer than that buffer of it is", "--corpus", corpus),
        *("--revision", "sdk2020", "-o", findings, module.source),
    )
    assert done.exit_code == 1
    (path,) = findings.glob("*.jsonl")
    assert '"prefix":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"' in path.read_text()


@contextmanager
def begun(source: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that has found something, and goes on."""
    process = subprocess.Popen(
        [*COMMAND, "fuzz", "-o", str(folder / "findings"), str(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    try:
        while not process.stdout.readline().startswith(b"again"):
            assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_was_found_until_an_interrupt_is_told(source: Path, tmp_path: Path) -> None:
    with begun(source, tmp_path) as process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.startswith(b"1 finding in ")
    assert len([*(tmp_path / "findings").iterdir()]) == 2


def test_nobody_fuzzes_for_a_command_that_was_killed(source: Path, tmp_path: Path) -> None:
    with begun(source, tmp_path) as process:
        children = children_of(process.pid)
        assert children
        process.kill()
        end = time.monotonic() + 60
        while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
            assert time.monotonic() < end
            time.sleep(0.05)


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "fuzz: no module"),
        (["one.c", "two.so"], "fuzz: several modules"),
        (["--events", "1", "one.so"], "one.so: --events is for sources"),
        (["--sanitizer", "thread", "one.so"], "one.so: --sanitizer is for sources"),
        (
            ["--thread-safe", "one.so"],
            "one.so: --thread-safe is for sources\n  expected the sources of a module, found a "
            "library, and --thread-safe\n",
        ),
        (["one.so", "--", "-O3"], "one.so: what follows -- is for sources"),
        (
            ["--reproduce", "f.jsonl", "one.c"],
            "f.jsonl: it says itself of which module it is, and how that is run\n"
            "  expected nothing beside --reproduce, found one.c\n"
            "  hint: leave that out: the module is built as it is now, and the case is in the file",
        ),
        (
            ["--reproduce", "f.jsonl", "--seed", "1", "--sanitizer", "thread"],
            "expected nothing beside --reproduce, found --seed 1, --sanitizer thread\n",
        ),
        (
            ["--config", "a=b", "--config", "c=d", "--reproduce", "f.jsonl", "--", "-DX", "-O3"],
            "expected nothing beside --reproduce, found --config a=b --config c=d, -- -DX -O3\n",
        ),
        (["-o", "/proc/no", "one.c"], "/proc/no: findings cannot be written there\n  expected a"),
        (["--corpus", "/proc/no", "one.c"], "/proc/no: cases cannot be kept there\n  expected a"),
        (["nowhere.c"], "no such file"),
        (["--duration", "nan", "one.c"], "nan is no number of seconds."),
        (
            ["--config", "=x", "one.c"],
            "--config =x: an item without a name\n"
            "  expected KEY=VALUE, found nothing before the = of '=x'\n"
            "  hint: name it, as the module asks for it\n",
        ),
        (["--reproduce", "nowhere.jsonl"], "not a finding"),
    ],
)
def test_what_cannot_be_run(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = execute("fuzz", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert done.stdout == b""


def test_a_run_without_a_case_is_told(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that is busy: here there would be some."""

    def too_late(*_: object) -> Iterator[None]:
        yield from ()

    monkeypatch.setattr("mesibo_abi.fuzzing.coverage.Coverage.fuzz", too_late)
    done = invoke("fuzz", "--duration", "0.001", source)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"{source}: no case was run\n"
        "  expected one at least, found none when the time was over, 0.001 s\n"
        "  hint: give it longer, by --duration\n"
    )


def test_a_cache_that_cannot_be_made_is_told(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    done = invoke("fuzz", "--runs", "300", "-o", tmp_path / "findings", source)
    assert done.exit_code == 2
    assert re.fullmatch(
        r"/dev/null/cache/mesibo_abi/fuzz/\w+: the fuzz program cannot be kept there\n"
        r"  expected a folder to write into, found: Not a directory\n"
        r"  hint: set XDG_CACHE_HOME to one, which need not be there yet\n",
        done.stderr,
    )


def test_a_file_whose_name_is_no_modules_has_one_by_its_entry_point(
    source: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "an odd-name.c"
    odd.write_text(source.read_text())
    done = execute("fuzz", "--runs", "300", odd.name, cwd=tmp_path)
    assert done.returncode == 2
    assert b"`fuzz` --entry-point mesibo_module_an_odd_name_init" in done.stderr
    given = ("--entry-point", f"mesibo_module_{source.stem.removeprefix('mesibo_mod_')}_init")
    done = execute("fuzz", "--runs", "300", *given, odd.name, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (path,) = (tmp_path / "findings").glob("*.jsonl")
    assert execute("fuzz", "--reproduce", path, cwd=tmp_path).returncode == 1


def test_an_entry_point_that_is_not_there_is_told(source: Path, tmp_path: Path) -> None:
    done = execute("fuzz", "--entry-point", "other_init", source, cwd=tmp_path)
    assert done.returncode == 2
    said = done.stderr.decode()
    assert f"{source}: it does not have the entry point that was named" in said
    assert "expected other_init, found mesibo_module_" in said


def test_a_finding_that_cannot_be_written_is_told(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What became of the disk meanwhile."""

    def full(*_: object) -> None:
        raise InputError("findings: a finding cannot be written there")

    monkeypatch.setattr("mesibo_abi.fuzzing.files.write", full)
    done = invoke("fuzz", "--runs", "300", "-o", tmp_path / "findings", source)
    assert done.exit_code == 2
    assert done.stdout.startswith("found      heap-buffer-overflow read in on_message")
    assert done.stderr.startswith("findings: a finding cannot be written there")


def test_a_library_leaves_nothing_where_it_is_looked_at(tmp_path: Path) -> None:
    library = mesibo_abi.build(
        OVERREAD, output=tmp_path / "mesibo_mod_overread.so", extra_args=["-DMENDED"]
    )
    done = execute("fuzz", "--runs", "100", library.name, cwd=tmp_path)
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [library.name]


def test_without_a_compiler_it_says_what_to_install(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    done = invoke("fuzz", source)
    assert done.exit_code == 2
    assert "no compiler with libFuzzer" in done.stderr
    assert "found no clang, no gcc" in done.stderr
    assert "apt-get install clang libclang-rt-14-dev" in done.stderr
