"""MESIBO_MODULE_SANITY_CHECK: logs the first difference between host and module, and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.types import Revision

from .compiling import HERE, STRICT, compilers, include, run

SIZE = {Revision.SDK2019: 176, Revision.SDK2020: 192}
RIGHT = "0"


@pytest.fixture(params=SIZE)
def revision(request: pytest.FixtureRequest) -> Revision:
    return Revision(request.param)


def said(compiler: str, revision: Revision, folder: Path, *arguments: object) -> str:
    program, language = folder / "sanity", "c++" if "++" in compiler else "c"
    flags = [*STRICT, include(revision), "-x", language]
    assert run(compiler, *flags, HERE / "sanity.c", "-o", program) == ""
    return run(program, *map(str, arguments))


@compilers("gcc", "g++", "clang", "clang++")
def test_a_host_that_agrees(compiler: str, revision: Revision, tmp_path: Path) -> None:
    assert said(compiler, revision, tmp_path, 1, SIZE[revision], RIGHT) == "7\n7\n"


@compilers("gcc", "g++", "clang", "clang++")
def test_another_version(compiler: str, revision: Revision, tmp_path: Path) -> None:
    """Said alone, whatever else differs."""
    words = "log 0: version does not match: expected 1, found 2\n-1\n"
    assert said(compiler, revision, tmp_path, 2, 96, "ff") == 2 * words


@compilers("gcc", "g++", "clang", "clang++")
def test_another_size(compiler: str, revision: Revision, tmp_path: Path) -> None:
    words = f"log 0: size does not match: expected {SIZE[revision]}, found 96\n-1\n"
    assert said(compiler, revision, tmp_path, 1, 96, "ff") == 2 * words


@compilers("gcc", "g++", "clang", "clang++")
def test_another_signature(compiler: str, revision: Revision, tmp_path: Path) -> None:
    words = "log 0: signature does not match: expected AA55773388FF1100, found FF\n-1\n"
    assert said(compiler, revision, tmp_path, 1, SIZE[revision], "ff") == 2 * words
