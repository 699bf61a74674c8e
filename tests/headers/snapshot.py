"""The binary interface of each revision in words, as it is in the headers now: what `make
abi-snapshot` writes to tests/headers/abi, and a test compares with that."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mesibo_abi.bridge import values
from mesibo_abi.paths import get_include
from mesibo_abi.types import Revision

FOLDER = Path(__file__).parent / "abi"
COMMAND = "make abi-snapshot"
TARGETS = {
    "x86_64-linux-gnu": "/usr/include",
    "aarch64-linux-gnu": "/usr/aarch64-linux-gnu/include",
}
"""Each with the C library's headers for it."""

_HEAD = f"# The ABI of {{}}, on all targets. Written by `{COMMAND}`, from the header.\n"
_INTERNAL = "MESIBO_ABI_"


def snapshot(revision: Revision, target: str = "x86_64-linux-gnu") -> str:
    """Sizes, offsets, types, values and functions that a module is compiled with."""
    cursors = list(_declared(revision, target))
    lines = [line for cursor in cursors for line in _lines(cursor)]
    constants = [f"{name} = {value}" for name, value in _values(revision, target, cursors)]
    return _HEAD.format(revision) + "".join(f"{line}\n" for line in [*lines, *constants])


def exports() -> str:
    """The symbols that modules find in the process of a host, each with the revisions that
    declare it."""
    declared = {
        revision: {
            cursor.spelling
            for cursor in _declared(revision, "x86_64-linux-gnu")
            if cursor.kind.name == "FUNCTION_DECL"
        }
        for revision in Revision
    }
    lines = [
        " ".join([name, *(str(revision) for revision in Revision if name in declared[revision])])
        for name in sorted(_dynamic(Path(values.__file__)))
    ]
    return _HEAD.format("the host's exported symbols") + "".join(f"{line}\n" for line in lines)


def path_of(what: str) -> Path:
    """Where the snapshot of a revision is kept, or of the `exports`."""
    return FOLDER / f"{what}.txt"


def _declared(revision: Revision, target: str) -> Iterator[Any]:
    cindex: Any = importlib.import_module("clang.cindex")
    header = Path(get_include(revision)) / "module.h"
    unit = cindex.Index.create().parse(
        str(header),
        args=["-x", "c", "-std=c11", "-DMESIBO_ABI_NO_TAG", *_target_flags(target)],
        options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
    )
    assert [str(each) for each in unit.diagnostics] == []
    for cursor in unit.cursor.get_children():
        if str(cursor.location.file) == str(header):
            yield cursor


def _target_flags(target: str) -> list[str]:
    command = ["cc", "-print-file-name=include"]
    ours = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    system = ["-isystem", ours, "-isystem", f"/usr/include/{target}", "-isystem", TARGETS[target]]
    return [f"--target={target}", "-nostdinc", *system]


def _lines(cursor: Any) -> list[str]:
    kind = cursor.kind.name
    if kind == "STRUCT_DECL" and cursor.is_definition():
        return _struct(cursor)
    if kind == "ENUM_DECL":
        values = [f"    {each.spelling} = {each.enum_value}" for each in cursor.get_children()]
        return [f"enum {cursor.spelling}: {cursor.type.get_size()} bytes", *values]
    if kind == "TYPEDEF_DECL":
        size = cursor.type.get_size()
        return [
            f"typedef {cursor.spelling}: {cursor.underlying_typedef_type.spelling}, {size} bytes"
        ]
    if kind == "FUNCTION_DECL":
        arguments = ", ".join(each.type.spelling for each in cursor.get_arguments())
        more = ", ..." if cursor.type.is_function_variadic() else ""
        return [f"{cursor.result_type.spelling} {cursor.spelling}({arguments}{more})"]
    return []


def _struct(cursor: Any) -> list[str]:
    struct = cursor.type
    head = f"struct {cursor.spelling}: {struct.get_size()} bytes, aligned to {struct.get_align()}"
    return [
        head,
        *(
            f"    {struct.get_offset(field.spelling) // 8:4} {field.spelling}: "
            f"{field.type.spelling}, {max(field.type.get_size(), 0)} bytes"
            for field in struct.get_fields()
        ),
    ]


def _values(revision: Revision, target: str, cursors: list[Any]) -> Iterator[tuple[str, str]]:
    """Macros: their value where they have one, else their text."""
    for cursor in cursors:
        name = cursor.spelling
        if cursor.kind.name != "MACRO_DEFINITION" or name.startswith(_INTERNAL):
            continue
        value = _value(revision, target, name)
        text = " ".join(token.spelling for token in list(cursor.get_tokens())[1:])
        yield name, str(value) if value is not None else text


def _value(revision: Revision, target: str, name: str) -> int | None:
    cindex: Any = importlib.import_module("clang.cindex")
    text = f'#include "module.h"\nenum {{ value = {name} }};\n'
    unit = cindex.Index.create().parse(
        "value.c",
        args=["-x", "c", "-std=c11", f"-I{get_include(revision)}", *_target_flags(target)],
        unsaved_files=[("value.c", text)],
    )
    if list(unit.diagnostics):
        return None  # it is no number
    (value,) = list(unit.cursor.get_children())[-1].get_children()
    return int(value.enum_value)


def _dynamic(library: Path) -> set[str]:
    done = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True
    )
    names = {line.split()[-1] for line in done.stdout.splitlines()}
    return {name for name in names if not name.startswith("PyInit_")}


def main() -> None:
    """Writes them anew."""
    FOLDER.mkdir(exist_ok=True)
    for revision in Revision:
        path_of(str(revision)).write_text(snapshot(revision))
    path_of("exports").write_text(exports())


if __name__ == "__main__":
    main()
