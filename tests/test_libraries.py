"""Libraries that cannot be loaded, and the exact words of each refusal; their revisions."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mesibo_abi import BuildWarning, Host, LoadError, build
from mesibo_abi.bridge.host import file_state
from mesibo_abi.libraries import read
from tests.conftest import SOURCES, Built
from tests.refusing import refused
from tests.tools import needs


def test_no_such_file(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_none.so"
    error = refused(host, path)
    assert str(error) == (
        f"{path}: no such file\n"
        "  expected a shared library, found: No such file or directory\n"
        "  hint: build it first with `mesibo-abi build`, or give another path"
    )
    assert error.path == path


def test_no_elf_file(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_text.so"
    path.write_text("#include")
    assert str(refused(host, path)) == (
        f"{path}: not an ELF file\n"
        "  expected the bytes 7f 45 4c 46 at its start, found 23 69 6e 63\n"
        "  hint: a module is a shared library: build the source with `mesibo-abi build`"
    )


def test_another_machines(host: Host, built: Built, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_echo.so"
    data = bytearray(built("echo").read_bytes())
    here = {62: "x86-64", 183: "aarch64"}[int.from_bytes(data[18:20], "little")]
    data[18:20] = (21).to_bytes(2, "little")
    path.write_bytes(data)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: compiled for another machine\n"
        f"  expected {here}, 64-bit, little-endian, found ppc64, 64-bit, little-endian\n"
        "  hint: compile it with a compiler for this machine"
    )


@needs("aarch64-linux-gnu-gcc")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="needs a machine that is no aarch64")
def test_a_library_of_the_cross_compiler(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_minimal.so"
    source = tmp_path / "minimal.c"  # without a header: that would need the libc of that machine
    source.write_text("int mesibo_module_minimal_init(void *mod, unsigned long n) { return 0; }")
    command = ["aarch64-linux-gnu-gcc", "-shared", "-fPIC", "-nostdlib", "-o", str(path)]
    subprocess.run([*command, str(source)], check=True)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: compiled for another machine\n"
        "  expected x86-64, 64-bit, little-endian, found aarch64, 64-bit, little-endian\n"
        "  hint: compile it with a compiler for this machine"
    )


def test_no_entry_point(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_no_entry.so"
    with pytest.warns(BuildWarning, match="no entry point"):
        build(SOURCES / "no_entry.c", output=path)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: no entry point\n"
        "  expected mesibo_module_no_entry_init, found none among 1 exported symbols\n"
        "  hint: define it: MESIBO_EXPORT int mesibo_module_no_entry_init(...), not static"
    )


def test_a_mangled_entry_point(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_mangled.so"
    with pytest.warns(BuildWarning, match="C\\+\\+ name"):
        build(SOURCES / "mangled.cpp", output=path)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: the entry point has a C++ name\n"
        "  expected mesibo_module_mangled_init, "
        "found _Z26mesibo_module_mangled_initP15mesibo_module_sm\n"
        "  hint: put MESIBO_EXPORT before its definition: that gives it C linkage"
    )


def test_several_entry_points(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_two_entries.so"
    with pytest.warns(BuildWarning, match="does not match"):
        build(SOURCES / "two_entries.c", output=path)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: the entry point's name does not match the "
        "file's\n"
        "  expected mesibo_module_two_entries_init, "
        "found mesibo_module_left_init, mesibo_module_right_init\n"
        "  hint: rename the function or the file, or load it with entry_point="
    )
    module = host.load("right", path, entry_point="mesibo_module_right_init")
    assert module.declared_name == "right"


def test_an_entry_point_that_is_not_there(host: Host, built: Built) -> None:
    path = built("echo")
    error = str(refused(host, path, entry_point="mesibo_module_other_init"))
    assert error == (
        f"cannot load module 'module' from {path}\n"
        "  expected the symbol mesibo_module_other_init, the dynamic linker says: "
        f"{path}: undefined symbol: mesibo_module_other_init\n"
        "  hint: define it with C linkage, or name another with entry_point="
    )


def test_a_missing_symbol(host: Host, built: Built) -> None:
    path = built("missing_symbol")
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}\n"
        "  expected every symbol to be defined, spell_checker_open is not: "
        f"{path}: undefined symbol: spell_checker_open\n"
        "  hint: link the library that defines it (-l...), or compile the source that does; "
        "doc2019 modules reach host functions through the module struct"
    )


def test_a_missing_library(host: Host, tmp_path: Path) -> None:
    helper = tmp_path / "libhelper.so"
    build(SOURCES / "minimal.c", name="minimal", output=tmp_path)
    shutil.copy(tmp_path / "mesibo_mod_minimal.so", helper)
    path = build(
        SOURCES / "echo.c",
        output=tmp_path / "mesibo_mod_echo.so",
        extra_args=["-Wl,--no-as-needed", f"-L{tmp_path}", "-lhelper"],
    )
    helper.unlink()
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}\n"
        "  expected a library that the dynamic linker opens, it says: libhelper.so: "
        "cannot open shared object file: No such file or directory\n"
        "  hint: build it for this machine, and see that the libraries it needs are installed "
        "(ldd)"
    )


# ---- Read once ----------------------------------------------------------------------------------


def test_it_is_read_once_for_each_state(built: Built, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_echo.so"
    shutil.copy(built("echo"), path)
    first = read(path)
    assert read(Path(str(path))) is first
    os.utime(path, ns=(0, 1))
    touched = read(path)
    assert touched is not first
    assert touched.found == first.found
    shutil.copy(built("minimal"), tmp_path / "other")
    (tmp_path / "other").replace(path)
    assert read(path).found.entry_point == "mesibo_module_minimal_init"
    path.unlink()
    with pytest.raises(LoadError, match="no such file"):
        read(path)


def test_its_own_threads_are_found_again_those_of_others_each_time(built: Built) -> None:
    assert read(built("echo")).is_alone
    assert not read(built("echo")).starts_threads
    assert read(built("timer")).starts_threads


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_the_state_of_a_file(tmp_path: Path, change: str) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    for each in (file, other):
        each.write_bytes(b"one")
        os.utime(each, ns=(0, 1_000_000_007))
    before = file_state(str(file))
    assert file_state(str(file)) == before
    if change == "inode":
        other.replace(file)
    else:
        file.write_bytes(b"three" if change == "size" else b"two")
        os.utime(file, ns=(0, 1_000_000_007 + (change == "time")))
    assert file_state(str(file)) not in (before, b"")


@pytest.mark.parametrize("name", ["none", "file\0", "file\0.so", "file/below", "\ud800", ""])
def test_what_cannot_be_looked_at(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    assert file_state(name and f"{tmp_path}/{name}") == b""


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\xff.so"
    Path(os.fsdecode(file)).touch()
    assert file_state(os.fsdecode(file)) != b""


# ---- The revision -------------------------------------------------------------------------------


def test_a_revision_that_nobody_knows(host: Host, built: Built) -> None:
    path = built("echo")
    assert str(refused(host, path, revision="doc2031")) == (
        f"cannot load module 'module' from {path}: of a revision that this host does not load\n"
        "  expected doc2019, sdk2019, sdk2020, found doc2031 (told by the caller)\n"
        "  hint: compile it against a header of doc2019, sdk2019, sdk2020"
    )


def test_a_revision_that_is_told(host: Host, built: Built) -> None:
    assert host.load("told", built("echo"), revision="doc2019").revision == "doc2019"
