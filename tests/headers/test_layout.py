"""An independent reader (libclang) finds in the headers what the published ABI says, all of it
and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi.paths import get_include
from mesibo_abi.types import Revision

from ..tools import needs
from .published import PUBLISHED, STATES

cindex: Any = pytest.importorskip("clang.cindex", reason="needs libclang")

STRUCTS = [
    pytest.param(revision, name, id=f"{revision}-{name}")
    for revision in Revision
    for name in PUBLISHED[revision].structs
]
FUNCTIONS = [revision for revision in Revision if PUBLISHED[revision].functions]
C = ("-x", "c", "-std=c11")
CPP = ("-x", "c++", "-std=c++11")
OURS = "MESIBO_ABI_"
VALUES = "values.c"


def header(revision: Revision) -> Path:
    return Path(get_include(revision)) / "module.h"


def system_headers() -> str:
    # The wheel of libclang has no stddef.h of its own: take the compiler's.
    command = ["cc", "-print-file-name=include"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def parse(revision: Revision, *flags: str) -> Any:
    """The header without its tag, and the macros in it."""
    unit = cindex.Index.create().parse(
        str(header(revision)),
        args=["-DMESIBO_ABI_NO_TAG", "-isystem", system_headers(), *flags],
        options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
    )
    assert [str(diagnostic) for diagnostic in unit.diagnostics] == []
    return unit


def inside(revision: Revision, cursor: Any) -> Iterator[Any]:
    """What the header itself has at its top level, in C++ also inside its extern "C"."""
    for child in cursor.get_children():
        if child.kind.name in ("LINKAGE_SPEC", "UNEXPOSED_DECL"):
            yield from inside(revision, child)
        elif str(child.location.file) == str(header(revision)):
            yield child


@pytest.fixture(scope="module")
def declared() -> dict[Revision, list[Any]]:
    return {revision: list(inside(revision, parse(revision, *C).cursor)) for revision in Revision}


def of_kind(cursors: list[Any], kind: str) -> list[Any]:
    return [cursor for cursor in cursors if cursor.kind.name == kind]


def defined(cursors: list[Any], kind: str) -> list[Any]:
    return [cursor for cursor in of_kind(cursors, kind) if cursor.is_definition()]


def ours(macro: Any) -> bool:
    return bool(macro.spelling.startswith(OURS))


def struct_of(cursors: list[Any], name: str) -> Any:
    (struct,) = (cursor for cursor in defined(cursors, "STRUCT_DECL") if cursor.spelling == name)
    return struct.type


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_the_header_has_these_structs_and_no_others(
    revision: Revision, declared: dict[Revision, list[Any]]
) -> None:
    found = {cursor.spelling for cursor in defined(declared[revision], "STRUCT_DECL")}
    assert found == set(PUBLISHED[revision].structs)


@needs("cc")
@pytest.mark.parametrize(("revision", "name"), STRUCTS)
def test_size_offsets_and_types(
    revision: Revision, name: str, declared: dict[Revision, list[Any]]
) -> None:
    struct = struct_of(declared[revision], name)
    fields = [
        (struct.get_offset(field.spelling) // 8, field.spelling, field.type.spelling)
        for field in struct.get_fields()
    ]
    assert (struct.get_size(), fields) == PUBLISHED[revision].structs[name]


@needs("cc")
@pytest.mark.parametrize(("revision", "name"), STRUCTS)
def test_every_field_is_one_aligned_word(
    revision: Revision, name: str, declared: dict[Revision, list[Any]]
) -> None:
    """But an array without a size, and the number of items in sdk2019, an int and its padding."""
    struct = struct_of(declared[revision], name)
    sizes = {field.spelling: field.type.get_size() for field in struct.get_fields()}
    if name == "module_config_s":
        words = 4 if revision is Revision.SDK2019 else 8
        assert (sizes.pop("count"), sizes.pop("items") < 0) == (words, True)
    assert struct.get_align() == 8
    assert set(sizes.values()) <= {8}


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_typedefs(revision: Revision, declared: dict[Revision, list[Any]]) -> None:
    found = {
        cursor.spelling: cursor.underlying_typedef_type.spelling
        for cursor in defined(declared[revision], "TYPEDEF_DECL")
    }
    assert found == PUBLISHED[revision].typedefs


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_http_states(revision: Revision, declared: dict[Revision, list[Any]]) -> None:
    (states,) = defined(declared[revision], "ENUM_DECL")
    assert [(state.spelling, state.enum_value) for state in states.get_children()] == STATES


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_functions(revision: Revision, declared: dict[Revision, list[Any]]) -> None:
    functions = of_kind(declared[revision], "FUNCTION_DECL")
    found = {cursor.spelling: signature(cursor) for cursor in functions}
    assert found == PUBLISHED[revision].functions


def signature(function: Any) -> tuple[str, ...]:
    """Its result and its arguments."""
    arguments = [argument.type.spelling for argument in function.get_arguments()]
    variadic = ["..."] if function.type.is_function_variadic() else []
    return (function.result_type.spelling, *arguments, *variadic)


@needs("cc")
@pytest.mark.parametrize("revision", FUNCTIONS)
def test_functions_have_c_linkage_in_cpp(revision: Revision) -> None:
    functions = of_kind(list(inside(revision, parse(revision, *CPP).cursor)), "FUNCTION_DECL")
    found = {cursor.mangled_name for cursor in functions}
    assert found == set(PUBLISHED[revision].functions)


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_macros(revision: Revision, declared: dict[Revision, list[Any]]) -> None:
    """Beside those that begin with MESIBO_ABI_, which are the headers' own affair."""
    macros = of_kind(declared[revision], "MACRO_DEFINITION")
    found = {macro.spelling for macro in macros if not ours(macro)}
    assert found == set(PUBLISHED[revision].constants) | PUBLISHED[revision].macros


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_constants(revision: Revision) -> None:
    expected = PUBLISHED[revision].constants
    assert {name: value_of(revision, name) for name in expected} == expected


def value_of(revision: Revision, name: str) -> int:
    """One enum each: their values share a type otherwise, and with it a sign."""
    text = f'#include "module.h"\nenum {{ value = {name} }};\n'
    unit = cindex.Index.create().parse(
        VALUES,
        args=[*C, f"-I{get_include(revision)}", "-isystem", system_headers()],
        unsaved_files=[(VALUES, text)],
    )
    assert [str(diagnostic) for diagnostic in unit.diagnostics] == []
    (last,) = list(unit.cursor.get_children())[-1].get_children()
    return int(last.enum_value)


@needs("cc")
@pytest.mark.parametrize("revision", FUNCTIONS)
def test_the_padding_is_eight_zeros(
    revision: Revision, declared: dict[Revision, list[Any]]
) -> None:
    (padding,) = (
        macro
        for macro in of_kind(declared[revision], "MACRO_DEFINITION")
        if macro.spelling == "MESIBO_MODULES_PADDING"
    )
    assert " ".join(token.spelling for token in padding.get_tokens()) == (
        "MESIBO_MODULES_PADDING 0 , 0 , 0 , 0 , 0 , 0 , 0 , 0"
    )


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_what_it_pulls_in(revision: Revision, declared: dict[Revision, list[Any]]) -> None:
    """Modules in the field lean on these."""
    includes = of_kind(declared[revision], "INCLUSION_DIRECTIVE")
    assert tuple(cursor.spelling for cursor in includes) == PUBLISHED[revision].includes


@needs("cc")
@pytest.mark.parametrize("revision", Revision)
def test_nothing_else_is_declared(revision: Revision, declared: dict[Revision, list[Any]]) -> None:
    known = {"STRUCT_DECL", "TYPEDEF_DECL", "ENUM_DECL", "FUNCTION_DECL"}
    macros = {"MACRO_DEFINITION", "MACRO_INSTANTIATION", "INCLUSION_DIRECTIVE"}
    assert {cursor.kind.name for cursor in declared[revision]} <= known | macros


@pytest.mark.parametrize("revision", Revision)
@pytest.mark.parametrize(
    "target", ["i386-linux-gnu", "armv7-linux-gnueabihf", "x86_64-linux-gnux32"]
)
def test_a_target_without_64_bit_pointers_is_refused(target: str, revision: Revision) -> None:
    # No system header of that target is needed: the refusal comes before the first of them.
    flags = [*C, f"--target={target}", "-nostdinc"]
    unit = cindex.Index.create().parse(str(header(revision)), args=flags)
    first = unit.diagnostics[0]
    assert first.spelling == (
        '"a Mesibo module needs a target with 64-bit pointers: its signature has 64 bits"'
    )
    assert first.severity >= cindex.Diagnostic.Error
