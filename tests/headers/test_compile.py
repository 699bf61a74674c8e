"""The headers compile silently in every language standard, with every offset where it belongs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mesibo_abi.paths import get_include
from mesibo_abi.types import Revision

from ..tools import needs
from .compiling import HERE, STRICT, compile_files, compile_text, compilers, include

C = [(compiler, std) for compiler in ("gcc", "clang") for std in ("c11", "c17")]
CPP = [(cpp, std) for cpp in ("g++", "clang++") for std in ("c++11", "c++17", "c++20")]
COMPILERS = [
    pytest.param(compiler, std, suffix, marks=needs(compiler), id=f"{compiler}-{std}")
    for suffix, pairs in ((".c", C), (".cpp", CPP))
    for compiler, std in pairs
]
LAYOUT = HERE / "layout"
REVISIONS = pytest.mark.parametrize("revision", Revision)
LOGS = [
    pytest.param(revision, call, id=f"{revision}-{call.split('(')[0]}")
    for revision, call in (
        (Revision.DOC2019, 'm->log(m, 0, "%s", 3)'),
        (Revision.SDK2019, 'mesibo_log(m, 0, "%s", 3)'),
        (Revision.SDK2020, 'mesibo_log(m, 0, "%s", 3)'),
        (Revision.SDK2020, 'mesibo_vlog(m, 0, "%s %", *args)'),
    )
]


@REVISIONS
@pytest.mark.parametrize("define", [(), ("-DMESIBO_MODULE=x",), ("-DMESIBO_ABI_NO_TAG",)])
@pytest.mark.parametrize(("compiler", "std", "suffix"), COMPILERS)
def test_layout_is_frozen(
    compiler: str,
    std: str,
    suffix: str,
    define: tuple[str, ...],
    revision: Revision,
    tmp_path: Path,
) -> None:
    source, output = LAYOUT / f"{revision}{suffix}", tmp_path / "layout.so"
    compile_files(compiler, [source], output, f"-std={std}", *define, revision=revision)


@needs("gcc")
@REVISIONS
def test_a_moved_field_does_not_compile(revision: Revision, tmp_path: Path) -> None:
    """The static assertions can fail: a header with one word more in front is refused."""
    header = (Path(get_include(revision)) / "module.h").read_text()
    moved = header.replace("    mesibo_uint_t version;", "    void *intruder, *version;")
    assert moved != header
    (tmp_path / "module.h").write_text(moved)
    for source in (LAYOUT / f"{revision}.c", LAYOUT / "common.h"):
        shutil.copy(source, tmp_path)
    command = ["gcc", "-fsyntax-only", f"-I{tmp_path}", str(tmp_path / f"{revision}.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "mesibo_module_t.version is at 0" in done.stderr


@needs("gcc")
@REVISIONS
def test_included_twice_and_after_a_define(revision: Revision, tmp_path: Path) -> None:
    text = '#define MESIBO_MODULE x\n#include "module.h"\n#include "module.h"\n'
    compile_text("gcc", text, tmp_path / "twice.so", revision=revision)


@compilers("gcc", "clang")
@pytest.mark.parametrize(("revision", "call"), LOGS)
def test_log_is_checked_like_printf(compiler: str, revision: Revision, call: str) -> None:
    text = (
        '#include <stdarg.h>\n#include "module.h"\n'
        f"intptr_t f(mesibo_module_t *m, va_list *args) {{ (void)args; return {call}; }}\n"
    )
    command = [compiler, "-x", "c", "-fsyntax-only", *STRICT, include(revision), "-"]
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode != 0
    assert "format" in done.stderr


@compilers("gcc", "g++", "clang", "clang++")
@pytest.mark.parametrize("revision", [Revision.SDK2019, Revision.SDK2020])
def test_a_module_struct_as_a_list_of_values(
    compiler: str, revision: Revision, tmp_path: Path
) -> None:
    """With all its fields in their order, and the padding in place of the reserved ones."""
    extra = "0, 0, " if revision is Revision.SDK2020 else ""  # on_config and custom_fns
    text = (
        '#include "module.h"\n'
        'mesibo_module_t values = {MESIBO_MODULE_VERSION, 0, "hello", "a module", 0, 0,\n'
        f"    0, 0, 0, 0, 0, 0, {extra}MESIBO_MODULE_SIGNATURE, MESIBO_MODULES_PADDING, 0}};\n"
    )
    suffix = ".cpp" if "++" in compiler else ".c"
    compile_text(compiler, text, tmp_path / "values.so", suffix=suffix, revision=revision)
