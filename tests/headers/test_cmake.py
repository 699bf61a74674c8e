"""The CMake package: a target for each revision, a function that builds a module."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from mesibo_abi.paths import get_cmake_dir
from mesibo_abi.types import Revision

from ..tools import needs
from .compiling import DEFAULT, HERE, exported, module, run, tags

pytestmark = needs("cmake", "make", "cc", "c++")
VERSION = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]["version"]


def project(folder: Path, *lines: str, find: str = "find_package(mesibo_abi REQUIRED)") -> Path:
    text = ["cmake_minimum_required(VERSION 3.16)", "project(modules C CXX)", find, *lines]
    (folder / "CMakeLists.txt").write_text("\n".join(text) + "\n")
    for revision in Revision:
        (folder / f"{revision}.c").write_text(module(revision))
    (folder / "hello.c").write_text(module(DEFAULT))
    greet = module(DEFAULT).replace("hello", "greet").replace("MESIBO_EXPORT ", "")
    (folder / "greet.cpp").write_text(greet)
    return folder


def configure(folder: Path) -> list[str]:
    return [
        "cmake",
        *("-S", str(folder), "-B", str(folder / "build"), "-G", "Unix Makefiles"),
        f"-Dmesibo_abi_DIR={get_cmake_dir()}",
    ]


def refusal(folder: Path) -> list[str]:
    """What CMake says of a project that it must refuse: its lines, blank ones left out."""
    done = subprocess.run(configure(folder), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return [line.strip() for line in done.stderr.splitlines() if line.strip()]


def test_modules_build(tmp_path: Path) -> None:
    lines = (
        "set(CMAKE_C_VISIBILITY_PRESET hidden)",
        "set(CMAKE_CXX_VISIBILITY_PRESET hidden)",
        "mesibo_add_module(hello hello.c)",
        "mesibo_add_module(greet greet.cpp REVISION doc2019)",
    )
    run(*configure(project(tmp_path, *lines)))
    run("cmake", "--build", str(tmp_path / "build"))
    for name in ("hello", "greet"):
        library = tmp_path / "build" / f"mesibo_mod_{name}.so"
        assert exported(library) == {f"mesibo_module_{name}_init"}
        assert tags(library) == [b"doc2019\0"]


@pytest.mark.parametrize("revision", Revision)
def test_a_module_of_each_revision(revision: Revision, tmp_path: Path) -> None:
    run(*configure(project(tmp_path, f"mesibo_add_module(hello {revision}.c REVISION {revision})")))
    run("cmake", "--build", str(tmp_path / "build"))
    library = tmp_path / "build" / "mesibo_mod_hello.so"
    assert exported(library) == {"mesibo_module_hello_init"}
    assert tags(library) == [f"{revision}\0".encode()]


def test_the_target_alone(tmp_path: Path) -> None:
    """For those who make their libraries themselves; found twice, as in a project of projects."""
    lines = (
        "find_package(mesibo_abi REQUIRED)",
        "add_library(own MODULE hello.c)",
        "target_link_libraries(own PRIVATE mesibo_abi::doc2019)",
    )
    run(*configure(project(tmp_path, *lines)))
    run("cmake", "--build", str(tmp_path / "build"))
    assert exported(tmp_path / "build" / "libown.so") == {"mesibo_module_hello_init"}


def test_the_version(tmp_path: Path) -> None:
    find = f"find_package(mesibo_abi {VERSION} EXACT REQUIRED)"
    run(*configure(project(tmp_path, find=find)))


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    said = refusal(project(tmp_path, find="find_package(mesibo_abi 99 REQUIRED)"))
    assert f"{get_cmake_dir()}/mesibo_abiConfig.cmake, version: {VERSION}" in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "mesibo_add_module(my-filter hello.c)",
            [
                'mesibo_add_module: a module cannot be named "my-filter"',
                "expected letters, digits and underscores",
                "hint: the name is part of the entry point's, a C identifier",
            ],
        ),
        (
            "mesibo_add_module(hello)",
            [
                "mesibo_add_module: the module hello has no sources",
                "expected mesibo_add_module(<name> <source>... [REVISION <revision>])",
                "hint: name its C or C++ files behind hello",
            ],
        ),
        (
            "mesibo_add_module(hello hello.c REVISION doc1999)",
            [
                "mesibo_add_module: there is no header of revision doc1999",
                "expected one of: doc2019, sdk2019, sdk2020",
                "hint: leave REVISION out for doc2019",
            ],
        ),
    ],
)
def test_what_is_refused(line: str, words: list[str], tmp_path: Path) -> None:
    said = refusal(project(tmp_path, line))
    assert said[1:4] == words
