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

HEADER = '{"finding":"x","kind":"k","where":"w","sanitizer":"address","sources":["a.c"]}'
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


def test_arguments_go_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    (project / "inc").mkdir(parents=True)
    (project / "limits.h").write_text("")
    monkeypatch.chdir(project)
    given = ("-Iinc", "-include", "limits.h", "-DX", "-I/usr/include")
    subject = Subject(sources=(Path("filter.c"),), arguments=given)
    path, _ = files.write(Finding(CRASH, Case()), subject, Path("findings"))
    assert files.read(path)[0] == subject

    monkeypatch.chdir(project / "findings")
    again, _ = files.read(Path(path.name))
    assert again.arguments == ("-I../inc", "-include", "../limits.h", "-DX", "-I/usr/include")

    moved = project.rename(tmp_path / "moved")
    again, _ = files.read(moved / path)
    limits = str(moved / "limits.h")
    assert again.arguments == (f"-I{moved}/inc", "-include", limits, "-DX", "-I/usr/include")


def test_arguments_of_an_older_file_are_as_they_were_given(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    path.write_text(f'{HEADER[:-1]},"arguments":["-Iinc"]}}\n')
    assert files.read(path)[0].arguments == ("-Iinc",)


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


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], "an empty file"),
        (['{"finding":1}'], "in line 1: Expected `str`, got `int` - at `$.finding`"),
        (
            [HEADER.replace("address", "none")],
            "sources in its first line, and no sanitizer for them",
        ),
        (
            [HEADER, '{"event":"reply","status":70000}'],
            "in line 2: Expected `int` <= 65535 - at `$.status`",
        ),
        (
            [HEADER, "", '{"event":"reply","piece":-1}'],
            "in line 3: Expected `int` >= 0 - at `$.piece`",
        ),
        ([HEADER, '{"event":"status","status":-1}'], "in line 2: the field `status` does not fit"),
    ],
)
def test_it_is_said_why_it_is_none(lines: list[str], found: str, tmp_path: Path) -> None:
    path = tmp_path / "finding.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(InputError) as caught:
        files.read(path)
    assert str(caught.value) == (
        f"{path}: not a finding\n"
        f"  expected lines of JSON as `mesibo-abi fuzz` writes them, found: {found}\n"
        "  hint: give a file that it wrote, such as one of findings/"
    )


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        files.write(Finding(CRASH, Case()), Subject(sources=(Path("a.c"),)), tmp_path / "file")
