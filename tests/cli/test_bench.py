"""`mesibo-abi bench`."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.bench import peers
from mesibo_abi.bench.report import picture
from mesibo_abi.bench.results import read
from tests.cli.command import invoke
from tests.tools import needs


def test_it_lists_what_it_measures() -> None:
    done = invoke("bench", "--list")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "call             `module.on_message(message)`, GIL held"
    assert [line.split()[0] for line in lines] == [
        *("call", "call-released", "chain", "keywords", "upcall", "upcall-released"),
        *("upcall-thread", "send", "log", "log-suppressed", "script", "load", "batch-16"),
        *("batch-256", "batch-4096", "batch-small", "batch-threads", "http"),
        *("isolated", "isolated-batch", "crash", "crash-report", "run"),
    ]


def test_it_lists_what_was_chosen() -> None:
    done = invoke("bench", "--list", "--only", "load")
    assert done.stdout == "load             load and close, library already mapped\n"


def test_a_path_that_is_none() -> None:
    done = invoke("bench", "--only", "fly")
    assert done.exit_code == 2
    assert done.stderr.startswith("bench: no path matches 'fly'\n")


@needs("cc", "c++")
def test_it_writes_what_it_measured(bench_cache: Path, tmp_path: Path) -> None:
    output = tmp_path / "some" / "where"
    done = invoke("bench", "--quick", "--only", "log-suppressed", "--output", output)
    assert done.exit_code == 0
    header, _, row = done.stdout.splitlines()
    assert header.startswith("| path | compared | 3.1")
    assert row.startswith("| log suppressed | time | ")
    (stem,) = {path.stem for path in output.iterdir() if path.suffix == ".json"}
    said = done.stderr.splitlines()
    assert said[:2] == ["compiling what is not in the cache", "log-suppressed: log suppressed"]
    assert said[-1] == f"written to {output}: {stem}.json, {stem}.md"
    report = read(output / f"{stem}.json")
    assert report.quick
    assert [outcome.name for outcome in report.outcomes] == ["log-suppressed"]
    assert done.stdout in (output / f"{stem}.md").read_text()


@needs("cc", "c++")
def test_what_is_missing_is_said_and_left_out(
    bench_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda _: None)
    monkeypatch.setattr(picture, "find_spec", lambda _: None)
    done = invoke("bench", "--quick", "--only", "call", "--output", tmp_path)
    assert done.exit_code == 0
    install = "is not installed; pip install 'mesibo_abi[bench]'"
    for sentence in (
        f"nanobind is left out: nanobind {install}",
        f"cffi ABI is left out: cffi {install}",
    ):
        assert sentence in done.stderr.splitlines()
        assert sentence in done.stdout.splitlines()
    assert f"there is no picture: matplotlib {install}" in done.stderr.splitlines()
    assert "time / C extension |" in done.stdout
    assert "time / nanobind" not in done.stdout
    assert not list(tmp_path.glob("*.svg"))


@needs("cc", "c++")
def test_it_draws_where_it_can(bench_cache: Path, tmp_path: Path) -> None:
    done = invoke("bench", "--quick", "--only", "call", "--output", tmp_path)
    assert done.exit_code == 0
    assert bool(list(tmp_path.glob("*.svg"))) == (picture.absent() is None)


@needs("cc", "c++")
def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("CXX", "no-such-compiler")
    done = invoke("bench", "--quick", "--output", tmp_path / "results")
    assert done.exit_code == 2
    assert "no compiler: no-such-compiler cannot be run" in done.stderr
    assert not (tmp_path / "results").exists()
