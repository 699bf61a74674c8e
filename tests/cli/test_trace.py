"""`mesibo-abi run --trace`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.command import execute, invoke, records, write
from tests.conftest import Built
from tests.tools import needs
from tests.traces import crossings, functions

pytestmark = needs("cc")


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    return write(
        tmp_path / "m.jsonl",
        {"from": "alice", "to": "bob", "id": 7, "message": "hello"},
        {"event": "call"},
        {"from": "alice", "to": "bob", "message": "null"},
        {"from": "alice", "to": "bob", "message": "fine"},
    )


def test_lines(built: Built, tmp_path: Path, messages: Path) -> None:
    done = invoke("run", "--trace", tmp_path / "t.jsonl", built("echo"), messages)
    assert done.exit_code == 0
    found = crossings(tmp_path / "t.jsonl")
    assert functions(found) == ["init", *("mod->send_message", "on_message") * 3]
    assert done.stderr.splitlines()[-1] == f"trace: 7 crossings in {tmp_path}/t.jsonl"


@pytest.mark.parametrize(
    ("name", "options", "is_perfetto"),
    [
        ("t.json", [], True),
        ("t", ["--trace-format", "perfetto"], True),
        ("t.json", ["--trace-format", "jsonl"], False),
    ],
)
def test_the_form(
    built: Built, tmp_path: Path, messages: Path, name: str, options: list[str], is_perfetto: bool
) -> None:
    path = tmp_path / name
    done = invoke("run", "--quiet", "--trace", path, *options, built("minimal"), messages)
    assert (done.exit_code, done.stderr) == (0, "")
    if is_perfetto:
        assert isinstance(json.loads(path.read_text()), list)
    else:
        crossings(path)


def test_an_isolated_module_that_crashes(built: Built, tmp_path: Path, messages: Path) -> None:
    done = execute("run", "--isolated", "--trace", tmp_path / "t", built("ends", "-g"), messages)
    assert done.returncode == 0
    found = crossings(tmp_path / "t")
    assert functions(found).count("on_message") == 3
    assert [c.arguments["message"] for c in found if c.duration is None] == ["null"]
    (failed,) = [r for r in records(done.stdout) if r["result"] == "FAIL"]
    assert (
        "on_message(len=4, to='bob', from='alice', message='null'): has not returned"
        in (failed["error"])
    )


def test_a_configuration(built: Built, tmp_path: Path, messages: Path) -> None:
    shutil.copy(built("echo"), tmp_path / "mesibo_mod_echo.so")
    (tmp_path / "mesibo.conf").write_text("module echo {\n}\n")
    done = invoke("run", "--trace", tmp_path / "t", tmp_path / "mesibo.conf", messages)
    assert done.exit_code == 0
    assert functions(crossings(tmp_path / "t")).count("on_message") == 3


def test_a_file_that_the_run_reads(built: Built, messages: Path) -> None:
    before = messages.read_bytes()
    done = invoke("run", "--trace", messages, built("echo"), messages)
    assert (done.exit_code, done.stderr) == (
        2,
        f"{messages}: the trace would overwrite what the run reads or writes\n"
        f"  expected another file, found the same as {messages}\n"
        "  hint: give another path to --trace\n",
    )
    assert messages.read_bytes() == before


def test_the_file_of_the_verdicts(built: Built, tmp_path: Path, messages: Path) -> None:
    same = tmp_path / "same"
    done = invoke("run", "--trace", same, "--output", same, built("echo"), messages)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{same}: the trace would overwrite")


def test_what_is_no_file(
    built: Built, tmp_path: Path, messages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke("run", "--trace", "-", built("echo"), messages)
    assert (done.exit_code, done.stdout, done.stderr) == (
        2,
        "",
        "run: --trace - is no file\n"
        "  expected a file for the trace, found -; standard output is for the verdicts\n"
        "  hint: give a path, such as --trace trace.jsonl\n",
    )
    assert not (tmp_path / "-").exists()


def test_a_form_without_a_file(built: Built, messages: Path) -> None:
    done = invoke("run", "--trace-format", "jsonl", built("echo"), messages)
    assert (done.exit_code, done.stderr) == (
        2,
        "run: --trace-format without --trace\n"
        "  expected a file for the trace, found only its form: jsonl\n"
        "  hint: add --trace FILE\n",
    )


def test_a_file_that_is_full(built: Built, messages: Path) -> None:
    done = execute("run", "--quiet", "--trace", "/dev/full", built("minimal"), messages)
    assert done.stderr.decode().splitlines()[-1] == (
        "trace: 0 crossings, 1 more were lost: No space left on device in /dev/full"
    )
