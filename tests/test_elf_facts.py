"""Reading libraries as they come out of the compiler, and damaged ones."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesibo_abi.elf import inspect
from mesibo_abi.errors import LoadError
from tests.libraries import ENTRY, MODULES, NO_TAG, Compile, compiler_in, imports, without_sections
from tests.tools import needs

pytestmark = needs("cc", "c++")


@pytest.fixture
def compile_c(tmp_path: Path) -> Compile:
    return compiler_in(tmp_path)


# ---- What can be read


def test_without_section_headers_it_is_the_same_module(compile_c: Compile) -> None:
    path = compile_c('#include "module.h"\n' + imports("puts"))
    whole = inspect(path)
    assert whole.needed
    assert inspect(without_sections(path)) == whole


def test_symbols_are_those_that_other_libraries_see(compile_c: Compile) -> None:
    found = inspect(
        compile_c(
            ENTRY
            + "static int local_one(void) { return 1; }\n"
            + '__attribute__((visibility("hidden"))) int hidden_one(void) { return 1; }\n'
            + "__attribute__((weak)) extern int weak_import(void);\n"
            + "int seen(void) { return local_one() + hidden_one() + (weak_import ? 1 : 0); }\n",
            "-nostartfiles",
        )
    )
    assert set(found.exported) >= {"mesibo_module_m_init", "seen"}
    assert not {"local_one", "hidden_one", "weak_import"} & set(found.exported)
    assert found.undefined == ("weak_import",)


def test_needed_libraries(compile_c: Compile) -> None:
    found = inspect(compile_c(ENTRY, "-Wl,--no-as-needed", "-lm"))
    assert any(name.startswith("libm.") for name in found.needed)


# ---- What cannot be read


def refusal(path: Path) -> LoadError:
    with pytest.raises(LoadError) as caught:
        inspect(path)
    assert caught.value.path == path
    return caught.value


def test_no_such_file(tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_m.so"
    assert str(refusal(path)) == (
        f"{path}: no such file\n"
        "  expected a shared library, found: No such file or directory\n"
        "  hint: build it first with `mesibo-abi build`, or give another path"
    )


def test_a_directory(tmp_path: Path) -> None:
    assert str(refusal(tmp_path)) == (
        f"{tmp_path}: cannot be read as a library\n"
        "  expected a shared library, found: a directory\n"
        "  hint: give the path of a file that may be read"
    )


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_m.so"
    os.mkfifo(path)
    assert refusal(path).detail == "expected a shared library, found: no regular file"


def test_a_path_with_a_nul() -> None:
    assert "a NUL in the path" in refusal(Path("a\0b")).detail


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"#!/bin/sh\n", "23 21 2f 62"),
        (b"\x7fEL", "7f 45 4c"),
    ],
)
def test_not_an_elf_file(tmp_path: Path, data: bytes, found: str) -> None:
    path = tmp_path / "mesibo_mod_m.so"
    path.write_bytes(data)
    assert str(refusal(path)) == (
        f"{path}: not an ELF file\n"
        f"  expected the bytes 7f 45 4c 46 at its start, found {found}\n"
        "  hint: a module is a shared library: build the source with `mesibo-abi build`"
    )


@pytest.mark.parametrize("part", [0.05, 0.5, 0.99])
def test_a_library_that_was_cut_short(compile_c: Compile, part: float) -> None:
    path = compile_c(ENTRY)
    data = path.read_bytes()[: int(path.stat().st_size * part)]
    path.write_bytes(data)
    error = refusal(path)
    assert error.what == f"{path}: a damaged ELF file"
    assert error.detail.startswith(f"expected tables that lie within its {len(data)} bytes, found:")
    assert error.hint == "build it again, or copy it again"


def test_without_section_headers_a_cut_is_seen_by_the_segments(compile_c: Compile) -> None:
    path = without_sections(compile_c(ENTRY))
    path.write_bytes(path.read_bytes()[:4096])
    assert "a segment that ends behind the end of the file" in refusal(path).detail


@pytest.fixture(scope="module")
def healthy() -> bytes:
    """A library whose debugging information is read too."""
    with tempfile.TemporaryDirectory() as folder:
        text = (MODULES / "minimal.c").read_text()
        return compiler_in(Path(folder))(text, "-g", NO_TAG).read_bytes()


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_damage_gives_a_load_error_or_an_inspection(healthy: bytes, data: st.DataObject) -> None:
    headers = int.from_bytes(healthy[40:48], "little")
    places = (
        st.integers(0, 1023)  # the header and the segments
        | st.integers(headers, len(healthy) - 1)  # the sections
        | st.integers(0, len(healthy) - 1)
    )
    damaged = bytearray(healthy)
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=8)):
        damaged[place] = byte
    end = data.draw(st.none() | st.integers(0, len(damaged)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mesibo_mod_minimal.so")
        path.write_bytes(damaged[:end])
        assert outcome(path) == path


def outcome(path: Path) -> Path | None:
    """The path that the inspection, or the error in its place, names."""
    try:
        return inspect(path).path
    except LoadError as error:
        return error.path
