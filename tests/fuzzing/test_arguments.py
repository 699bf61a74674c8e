"""Arguments for a compiler, as those who are in another folder need them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.fuzzing.arguments import from_folder, relative_to


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the tests are in."""
    folder = tmp_path / "project"
    (folder / "inc").mkdir(parents=True)
    for name in ("limits.h", "helper.o", "exports.map", "DEBUG"):
        (folder / name).write_text("")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["-Iinc"], ["-I../inc"]),
        (["-I", "inc"], ["-I", "../inc"]),
        (["-I."], ["-I.."]),
        (["-Iinc/not/there/yet"], ["-I../inc/not/there/yet"]),
        (["-Llib", "-L", "lib"], ["-L../lib", "-L", "../lib"]),
        (["-iquoteinc", "-iquote", "inc"], ["-iquote../inc", "-iquote", "../inc"]),
        (["-isystem", "inc", "-isysteminc"], ["-isystem", "../inc", "-isystem../inc"]),
        (["-idirafter", "inc"], ["-idirafter", "../inc"]),
        (["-include", "limits.h"], ["-include", "../limits.h"]),
        (["-includelimits.h", "-imacroslimits.h"], ["-include../limits.h", "-imacros../limits.h"]),
        (["helper.o"], ["../helper.o"]),
        (["-Wl,--version-script=exports.map"], ["-Wl,--version-script=../exports.map"]),
    ],
    ids=lambda each: " ".join(each),
)
def test_relative_paths_are_those_from_there(given: list[str], made: list[str]) -> None:
    arguments, numbers = relative_to(Path("findings"), given)
    assert arguments == made
    assert from_folder(Path("findings"), arguments, numbers) == given


@pytest.mark.parametrize(
    "given",
    [
        ["-DDEBUG", "-D", "DEBUG", "-O3", "-lcurl", "-l", "DEBUG"],
        ["-I/usr/include", "-I", "/usr/include", "-L=lib", "-I$SYSROOT/include", "/lib/libm.so.6"],
        ["-include", "module.h", "-includemodule.h"],  # looked for in folders
        ["-include-pch", "other", "-I-", "-I", "", "nowhere.o"],
    ],
    ids=lambda each: each[0],
)
def test_what_is_none_stays(given: list[str]) -> None:
    assert relative_to(Path("findings"), given) == (given, [])
    assert from_folder(Path("findings"), given, []) == given


def test_numbers_of_no_argument_are_passed_over() -> None:
    assert from_folder(Path("there"), ["-Iinc", "b"], [0, 7, -1]) == ["-Ithere/inc", "b"]
