"""Which compilers are taken, and what is said where there are none that can."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from mesibo_abi.errors import BuildError
from mesibo_abi.fuzzing import toolchain
from mesibo_abi.fuzzing.subject import Sanitizer, Subject
from tests.fuzzing.planted import BY_NAME, FOLDER, Planted, check_reproducer, findings
from tests.tools import needs


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of its own, with nothing in it, and no libFuzzer anywhere."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(toolchain, "_LLVM", "no/llvm-*")
    return folder


def tool(folder: Path, name: str, says: str = "") -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


EXPECTED = (
    "expected clang with the runtime for -fsanitize=fuzzer,{}, or gcc and libFuzzer's archive, "
    "found {}"
)
OR = ", or fuzz the library as it is: mesibo-abi fuzz MODULE.so"
INSTALL = (
    "install them (on Debian: apt-get install clang libclang-rt-14-dev, the number being that of "
    f"`clang --version`){OR}"
)


def refused(sanitizer: Sanitizer = Sanitizer.ADDRESS) -> BuildError:
    with pytest.raises(BuildError) as caught:
        toolchain.find(sanitizer)
    return caught.value


def test_without_any(tools: Path) -> None:
    assert not list(tools.iterdir())
    error = refused()
    assert error.what == "fuzz: no compiler with libFuzzer"
    assert error.detail == EXPECTED.format("address,undefined", "no clang, no gcc, no libFuzzer")
    assert error.hint == INSTALL
    error = refused(Sanitizer.THREAD)
    assert error.detail == EXPECTED.format("thread", "no clang, no gcc, no libFuzzer")


def test_with_gcc_alone(tools: Path) -> None:
    tool(tools, "gcc")
    tool(tools, "g++")
    error = refused()
    assert error.detail == EXPECTED.format("address,undefined", "no clang, gcc, no libFuzzer")
    assert error.hint == INSTALL


def test_with_a_clang_that_has_no_runtime(tools: Path) -> None:
    tool(tools, "clang", f"Debian clang version 15.0.6 {tools}")
    error = refused()
    found = "clang without it, no gcc, no libFuzzer"
    assert error.detail == EXPECTED.format("address,undefined", found)
    install = "install what it has not (on Debian: apt-get install libclang-rt-15-dev)"
    assert error.hint == install + OR


GCC = needs("gcc", "g++", "clang")  # clang, whose libFuzzer it takes


@pytest.fixture
def without_clang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH that has all but clang."""
    folder = tmp_path / "without"
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for path in Path(place).glob("[!.]*"):
            link = folder / path.name
            if not path.name.startswith("clang"):
                link.unlink(missing_ok=True)
                link.symlink_to(path)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CC", "gcc")
    return folder


@GCC
@pytest.mark.slow
@pytest.mark.usefixtures("without_clang")
def test_gcc_is_led_where_each_case_has_a_process() -> None:
    module = FOLDER.with_name("fuzzed") / "mesibo_mod_thread_local.c"
    with closing(findings(Subject(sources=(module,)))) as found:
        first = next(found)
    assert first.crash.kind == "stack-buffer-overflow write"


@GCC
@pytest.mark.slow
@pytest.mark.parametrize(
    "planted", [BY_NAME[name] for name in ("stages", "long_item", "leak", "race")], ids=str
)
def test_without_clang_gcc_finds_them(
    planted: Planted, without_clang: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shutil.which("clang") is None
    assert shutil.which("gcc") == str(without_clang / "gcc")
    assert toolchain.find(planted.sanitizer).c == ("gcc",)
    check_reproducer(planted, tmp_path / "findings", monkeypatch)
