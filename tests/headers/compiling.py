"""Runs compilers on the headers and reads what they made."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection, Symbol, SymbolTableSection

from mesibo_abi.paths import get_include
from mesibo_abi.types import Revision

from ..tools import needs

HERE = Path(__file__).parent
STRICT = ("-Wall", "-Wextra", "-pedantic", "-Werror")
DEFAULT = Revision.DOC2019
DOC_INIT = """\
MESIBO_EXPORT int mesibo_module_hello_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
"""
SDK_INIT = """\
MESIBO_EXPORT RESULT mesibo_module_hello_init(mesibo_int_t version, mesibo_module_t *mod,
                                              mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
"""


def module(revision: Revision, result: str = "int") -> str:
    """A module named hello. `result` is what the init of an SDK module returns."""
    init = DOC_INIT if revision is Revision.DOC2019 else SDK_INIT.replace("RESULT", result)
    return (
        f'#include "module.h"\n\n{init}    mod->name = "hello";\n    return MESIBO_RESULT_OK;\n}}\n'
    )


def include(revision: Revision) -> str:
    """The flag that finds the header."""
    return f"-I{get_include(revision)}"


def compilers(*names: str) -> pytest.MarkDecorator:
    """Runs a test with each of them as `compiler`, skipped by name where it is missing."""
    return pytest.mark.parametrize(
        "compiler", [pytest.param(name, marks=needs(name)) for name in names]
    )


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """The command's output, both streams in one; an AssertionError with it where it fails."""
    done = subprocess.run(
        command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def compile_text(
    compiler: str,
    text: str,
    output: Path,
    *flags: str,
    suffix: str = ".c",
    revision: Revision = DEFAULT,
) -> Path:
    """A shared library of one source, with no warning and nothing else said."""
    source = output.with_suffix(suffix)
    source.write_text(text)
    return compile_files(compiler, [source], output, *flags, revision=revision)


def compile_files(
    compiler: str,
    sources: Sequence[Path],
    output: Path,
    *flags: str,
    revision: Revision = DEFAULT,
) -> Path:
    """A shared library of several sources, with no warning and nothing else said."""
    common = ("-shared", "-fPIC", *STRICT, include(revision))
    said = run(compiler, *common, *flags, *sources, "-o", output)
    assert said == ""
    return output


def exported(library: Path) -> set[str]:
    """The functions that a host can find in the library."""
    return {
        symbol.name
        for symbol in dynamic_symbols(library)
        if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF"
    }


def imported(library: Path) -> set[str]:
    """What the library wants of its host; what it has of the C library is left out."""
    return {
        symbol.name
        for symbol in dynamic_symbols(library)
        if symbol["st_shndx"] == "SHN_UNDEF" and "mesibo" in symbol.name
    }


def dynamic_symbols(library: Path) -> list[Symbol]:
    """All that is exported or undefined."""
    with library.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(symbols, SymbolTableSection)
        return list(symbols.iter_symbols())


def tags(library: Path) -> list[bytes]:
    """The revisions in the notes that the header leaves, as they stand there."""
    with library.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".note.mesibo_abi")
        if section is None:
            return []
        assert isinstance(section, NoteSection)
        notes = list(section.iter_notes())
    # pyelftools shows type 1 by the name it has in glibc's notes, whoever the owner is.
    kinds = {(note["n_name"], note["n_type"]) for note in notes}
    assert kinds == {("mesibo", "NT_GNU_ABI_TAG")}
    return [note["n_descdata"] for note in notes]
