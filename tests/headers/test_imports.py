"""Host functions of the SDK are left undefined in a module, by their plain names in C and C++."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.types import Revision

from .compiling import compile_text, compilers, imported
from .published import PUBLISHED

SDK = pytest.mark.parametrize("revision", [Revision.SDK2019, Revision.SDK2020])


@SDK
@compilers("gcc", "g++", "clang", "clang++")
def test_every_host_function(compiler: str, revision: Revision, tmp_path: Path) -> None:
    functions = PUBLISHED[revision].functions
    uses = ",\n".join(f"    (void (*)(void)){name}" for name in functions)
    text = (
        '#include "module.h"\nextern void (*const uses[])(void);\n'
        f"void (*const uses[])(void) = {{\n{uses}}};\n"
    )
    suffix = ".cpp" if "++" in compiler else ".c"
    library = compile_text(compiler, text, tmp_path / "m.so", suffix=suffix, revision=revision)
    assert imported(library) == set(functions)


@SDK
@compilers("gcc", "g++")
def test_the_header_alone_imports_nothing(
    compiler: str, revision: Revision, tmp_path: Path
) -> None:
    suffix = ".cpp" if "++" in compiler else ".c"
    text = '#include "module.h"\n'
    library = compile_text(compiler, text, tmp_path / "m.so", suffix=suffix, revision=revision)
    assert imported(library) == set()
