from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from mesibo_abi import InputError
from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.case import Case
from mesibo_abi.fuzzing.finding import Crash, Finding
from mesibo_abi.fuzzing.subject import Sanitizer, Subject
from mesibo_abi.types import Revision
from tests.fuzzing.cases import CASES

CRASH = Crash("leak", "on_message at filter.c:3", 'who """ allocated\\it')


@given(CASES)
def test_a_finding_comes_back_as_it_was(case: Case) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject = Subject(
            sources=(folder / "src" / "filter.c",),
            revision=Revision.SDK2020,
            entry_point="init",
            arguments=("-DX",),
            sanitizer=Sanitizer.THREAD,
            thread_safe=True,
        )
        path, test = files.write(Finding(CRASH, case), subject, folder / "findings")
        compile(test.read_text(), str(test), "exec")
        again, finding = files.read(path)
    assert again == subject
    assert finding == Finding(replace(CRASH, report=""), case)


def test_paths_go_with_the_folder(tmp_path: Path) -> None:
    subject = Subject(sources=(tmp_path / "project" / "filter.c",))
    path, _ = files.write(Finding(CRASH, Case()), subject, tmp_path / "project" / "findings")
    moved = (tmp_path / "project").rename(tmp_path / "moved")
    again, _ = files.read(moved / "findings" / path.name)
    assert again.sources == (moved / "filter.c",)


def test_a_long_name_keeps_its_front(tmp_path: Path) -> None:
    crash = replace(
        CRASH, kind="stack-buffer-overflow write", where=f"{'outer::' * 30}f at a.cpp:1"
    )
    path, test = files.write(
        Finding(crash, Case()), Subject(sources=(tmp_path / "a.cpp",)), tmp_path
    )
    name, _, number = path.stem.rpartition("-")
    assert name.startswith("stack-buffer-overflow-write-in-outer-outer-")
    assert (len(name) <= 90, len(number)) == (True, 6)
    assert test.stem == f"test_{path.stem.replace('-', '_')}"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no json\n",
        b'{"finding":"x"}\n',
        b'{"finding":"x","kind":"k","where":"w","sanitizer":"address"}\n',
        b'{"finding":"x","kind":"k","where":"w","sanitizer":"address","sources":["a.c"]}\n{"event":"?"}\n',
    ],
)
def test_what_is_no_finding(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "finding.jsonl"
    path.write_bytes(text)
    with pytest.raises(InputError, match="not a finding"):
        files.read(path)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        files.write(Finding(CRASH, Case()), Subject(sources=(Path("a.c"),)), tmp_path / "file")
