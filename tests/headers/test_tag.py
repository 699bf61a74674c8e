"""The tag: an ELF note that tells the revision of a compiled module."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from mesibo_abi.types import Revision

from ..tools import needs
from .compiling import DEFAULT, STRICT, compile_files, include, module, run, tags

BOTH = pytest.mark.parametrize(
    ("compiler", "suffix"),
    [
        pytest.param(compiler, suffix, marks=needs(compiler))
        for compiler, suffix in (
            ("gcc", ".c"),
            ("g++", ".cpp"),
            ("clang", ".c"),
            ("clang++", ".cpp"),
        )
    ],
)
REVISIONS = pytest.mark.parametrize("revision", Revision)


def tag(revision: Revision) -> bytes:
    return str(revision).encode() + b"\0"


def note(revision: Revision) -> bytes:
    return struct.pack("=III8s8s", 7, 8, 1, b"mesibo", tag(revision))


def two_units(
    compiler: str, suffix: str, folder: Path, *flags: str, revision: Revision = DEFAULT
) -> Path:
    first, second = folder / f"first{suffix}", folder / f"second{suffix}"
    first.write_text(module(revision))
    second.write_text('#include "module.h"\n')
    output = folder / "mesibo_mod_hello.so"
    return compile_files(compiler, [first, second], output, *flags, revision=revision)


@REVISIONS
@BOTH
def test_a_note_for_each_unit(
    compiler: str, suffix: str, revision: Revision, tmp_path: Path
) -> None:
    assert tags(two_units(compiler, suffix, tmp_path, revision=revision)) == 2 * [tag(revision)]


@REVISIONS
@BOTH
def test_the_bytes(compiler: str, suffix: str, revision: Revision, tmp_path: Path) -> None:
    """Loaded into memory (it lies in a PT_NOTE segment), and nothing between the notes."""
    with two_units(compiler, suffix, tmp_path, revision=revision).open("rb") as file:
        elf = ELFFile(file)
        section = elf.get_section_by_name(".note.mesibo_abi")
        assert section is not None
        assert (section["sh_type"], section["sh_addralign"]) == ("SHT_NOTE", 4)
        assert section.data() == 2 * note(revision)
        segments = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_NOTE"]
        assert any(segment.section_in_segment(section) for segment in segments)


@needs("strip")
@BOTH
def test_it_survives_strip(compiler: str, suffix: str, tmp_path: Path) -> None:
    library = two_units(compiler, suffix, tmp_path, "-g")
    run("strip", "--strip-all", library)
    with library.open("rb") as file:
        assert ELFFile(file).get_section_by_name(".symtab") is None
    assert tags(library) == 2 * [tag(DEFAULT)]


@BOTH
def test_it_survives_the_optimiser_and_the_linker(
    compiler: str, suffix: str, tmp_path: Path
) -> None:
    flags = ("-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
    assert tags(two_units(compiler, suffix, tmp_path, *flags)) == 2 * [tag(DEFAULT)]


@needs("gcc")
def test_it_survives_link_time_optimisation(tmp_path: Path) -> None:
    assert tags(two_units("gcc", ".c", tmp_path, "-O2", "-flto")) == 2 * [tag(DEFAULT)]


@REVISIONS
@BOTH
def test_sanitizers_leave_the_notes_alone(
    compiler: str, suffix: str, revision: Revision, tmp_path: Path
) -> None:
    source, made = tmp_path / f"hello{suffix}", tmp_path / "hello.o"
    source.write_text(module(revision))
    # An object, not a library: the sanitizer's runtime is not what is tried here.
    flags = ["-c", "-fPIC", "-fsanitize=address", *STRICT, include(revision)]
    run(compiler, *flags, source, "-o", made)
    assert tags(made) == [tag(revision)]
    with made.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".note.mesibo_abi")
        assert section is not None
        assert section.data() == note(revision)


@REVISIONS
@BOTH
def test_it_can_be_left_out(compiler: str, suffix: str, revision: Revision, tmp_path: Path) -> None:
    flag = "-DMESIBO_ABI_NO_TAG"
    assert tags(two_units(compiler, suffix, tmp_path, flag, revision=revision)) == []
