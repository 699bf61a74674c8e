"""The entry point has C linkage and is visible: by MESIBO_EXPORT everywhere, in doc2019 also where
the author forgot it. The SDK's headers cannot declare it, since its result is int or mesibo_int_t
as each author pleases."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.types import Revision

from ..tools import needs
from .compiling import DEFAULT, compile_text, compilers, exported, module

FORGOTTEN = module(DEFAULT).replace("MESIBO_EXPORT ", "")
ENTRY = "mesibo_module_hello_init"
MANGLED = {
    Revision.DOC2019: "_Z24mesibo_module_hello_initP15mesibo_module_sm",
    Revision.SDK2019: "_Z24mesibo_module_hello_initlP15mesibo_module_sl",
    Revision.SDK2020: "_Z24mesibo_module_hello_initlP15mesibo_module_sl",
}
DEFINE = "-DMESIBO_MODULE=hello"
HIDDEN = "-fvisibility=hidden"
SDK = pytest.mark.parametrize("revision", [Revision.SDK2019, Revision.SDK2020])
REVISIONS = pytest.mark.parametrize("revision", Revision)
FLAGS = pytest.mark.parametrize("flags", [(HIDDEN,), (HIDDEN, DEFINE)], ids=("plain", "define"))
CPP = compilers("g++", "clang++")
LANGUAGES = pytest.mark.parametrize(
    ("compiler", "suffix"),
    [
        pytest.param(compiler, suffix, marks=needs(compiler), id=compiler)
        for compiler, suffix in (
            ("gcc", ".c"),
            ("clang", ".c"),
            ("g++", ".cpp"),
            ("clang++", ".cpp"),
        )
    ],
)


@REVISIONS
@FLAGS
@LANGUAGES
def test_with_the_macro(
    compiler: str, suffix: str, flags: tuple[str, ...], revision: Revision, tmp_path: Path
) -> None:
    library = compile_text(
        compiler, module(revision), tmp_path / "m.so", *flags, suffix=suffix, revision=revision
    )
    assert exported(library) == {ENTRY}


@SDK
@FLAGS
@LANGUAGES
def test_the_result_may_be_a_word(
    compiler: str, suffix: str, flags: tuple[str, ...], revision: Revision, tmp_path: Path
) -> None:
    """int is what it is in the test above."""
    text = module(revision, "mesibo_int_t")
    library = compile_text(
        compiler, text, tmp_path / "m.so", *flags, suffix=suffix, revision=revision
    )
    assert exported(library) == {ENTRY}


@LANGUAGES
def test_doc2019_with_the_define_alone(compiler: str, suffix: str, tmp_path: Path) -> None:
    library = compile_text(compiler, FORGOTTEN, tmp_path / "m.so", DEFINE, HIDDEN, suffix=suffix)
    assert exported(library) == {ENTRY}


@REVISIONS
@CPP
def test_cpp_with_neither_is_mangled(compiler: str, revision: Revision, tmp_path: Path) -> None:
    """So the tests above show what the header does, not what the compiler does anyway."""
    text = module(revision).replace("MESIBO_EXPORT ", "")
    library = compile_text(compiler, text, tmp_path / "m.so", suffix=".cpp", revision=revision)
    assert exported(library) == {MANGLED[revision]}


@compilers("gcc", "clang")
def test_c_with_neither_is_hidden(compiler: str, tmp_path: Path) -> None:
    library = compile_text(compiler, FORGOTTEN, tmp_path / "m.so", HIDDEN)
    assert exported(library) == set()
