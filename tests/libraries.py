"""Small libraries made by the compiler, for tests of what reads them."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from mesibo_abi.paths import get_include

MODULES = Path(__file__).parent / "modules"
ENTRY = "int mesibo_module_m_init(void) { return 0; }\n"
NO_TAG = "-DMESIBO_ABI_NO_TAG"

Compile = Callable[..., Path]


def compiler_in(folder: Path) -> Compile:
    """A function that compiles C (or C++, by the compiler) text, in the barest way, to
    mesibo_mod_m.so in this folder."""

    def run(text: str, *arguments: str, file: str = "mesibo_mod_m.so", cc: str = "cc") -> Path:
        source = folder / ("source.c" if cc == "cc" else "source.cpp")
        source.write_text(text)
        made = folder / file
        shared = [] if {"-c", "-pie"} & set(arguments) else ["-shared"]
        command = [
            cc,
            "-fPIC",
            *shared,
            "-I",
            get_include(),
            "-o",
            str(made),
            str(source),
            *arguments,
        ]
        subprocess.run(command, check=True)
        return made

    return run


def imports(*names: str) -> str:
    """A source that calls these functions without declaring what they are."""
    calls = "".join(f"extern void {name}(void);\n" for name in names)
    uses = "".join(f"    {name}();\n" for name in names)
    return f"{calls}int mesibo_module_m_init(void) {{\n{uses}    return 0;\n}}\n"


def note(revision: str, type_: int = 1, owner: str = "mesibo") -> str:
    """A tag as the headers of another revision leave it."""
    return (
        "static const struct { unsigned n, d, t; char name[8], revision[12]; } note_of_"
        f'{revision} __attribute__((section(".note.mesibo_abi"), aligned(4), used)) = '
        f'{{7, 12, {type_}, "{owner}", "{revision}"}};\n'
    )


def struct_of(words: int) -> str:
    return (
        f"typedef struct mesibo_module_s {{ long words[{words}]; }} mesibo_module_t;\n"
        "int mesibo_module_m_init(long version, mesibo_module_t *mod, long len) {\n"
        "    return mod->words[0] == version + len;\n}\n"
    )


def without_sections(library: Path) -> Path:
    """As tools that shrink libraries leave it: only what the dynamic linker needs."""
    data = bytearray(library.read_bytes())
    struct.pack_into("<Q", data, 40, 0)
    struct.pack_into("<HHH", data, 58, 64, 0, 0)
    library.write_bytes(data)
    return library
