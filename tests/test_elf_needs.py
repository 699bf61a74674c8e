"""What a library needs of others, and where those are found."""

from __future__ import annotations

import ctypes.util
from pathlib import Path

import pytest

from mesibo_abi.elf_needs import find_library, read_imports, read_needs
from tests.libraries import ENTRY, Compile, compiler_in, imports
from tests.tools import needs

pytestmark = needs("cc")

NEW, OLD = "-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"


@pytest.fixture
def compile_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compile:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    return compiler_in(tmp_path)


def test_what_it_imports_and_needs(compile_c: Compile) -> None:
    path = compile_c(imports("elsewhere"), "-Wl,--no-as-needed", "-lm")
    found = read_needs(path)
    assert found is not None
    assert found.path == path
    assert "elsewhere" in (read_imports(path) or ())
    assert {"libm.so.6", "libc.so.6"} <= set(found.libraries)
    assert (found.rpath, found.runpath) == ((), ())


@pytest.mark.parametrize("dtags", [NEW, OLD])
def test_where_it_says_that_they_are(compile_c: Compile, tmp_path: Path, dtags: str) -> None:
    paths = "-Wl,-rpath,$ORIGIN/lib:/opt/$LIB:/opt/x"
    found = read_needs(compile_c(ENTRY, dtags, paths))
    assert found is not None
    places = (tmp_path / "lib", Path("/opt/x"))  # and what is told from system to system is not
    assert (found.runpath, found.rpath) == ((places, ()) if dtags == NEW else ((), places))


@pytest.mark.parametrize("content", [None, b"", b"INPUT(libc.so)", b"\x7fELF" + 99 * b"\xff"])
def test_what_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "libx.so"
    if content is not None:
        path.write_bytes(content)
    assert read_needs(path) is None
    assert read_imports(path) is None


def test_the_order_in_which_places_are_looked_at(
    compile_c: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("own", "inherited", "environment"):
        (tmp_path / place).mkdir()
        compile_c(ENTRY, file=f"{place}/libx.so")
    inherited = (tmp_path / "inherited",)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "environment"))
    for arguments, place in (
        ((OLD, "-Wl,-rpath,$ORIGIN/own"), "own"),
        ((OLD,), "inherited"),
        ((NEW, "-Wl,-rpath,$ORIGIN/own"), "environment"),
    ):
        found = read_needs(compile_c(ENTRY, *arguments))
        assert found is not None
        assert find_library("libx.so", found, inherited) == tmp_path / place / "libx.so"
    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert found is not None
    assert find_library("libx.so", found, ()) == tmp_path / "own" / "libx.so"
    assert find_library("liby.so", found, ()) is None


def test_one_of_another_machine_is_passed_over(compile_c: Compile, tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        compile_c(ENTRY, file=f"{place}/libx.so")
    library = tmp_path / "a" / "libx.so"
    data = bytearray(library.read_bytes())
    data[18:20] = b"\x16\x00"  # s390x
    library.write_bytes(data)
    found = read_needs(compile_c(ENTRY, "-Wl,-rpath,$ORIGIN/a:$ORIGIN/b"))
    assert found is not None
    assert find_library("libx.so", found, ()) == tmp_path / "b" / "libx.so"


def test_one_of_the_system(compile_c: Compile) -> None:
    name = ctypes.util.find_library("z")
    assert name is not None
    found = read_needs(compile_c(ENTRY))
    assert found is not None
    file = find_library(name, found, ())
    assert file is not None
    assert file.is_file()
    assert file.name == name
