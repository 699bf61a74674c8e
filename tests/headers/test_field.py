"""Sources in the style of the field compile unchanged, as C and as C++, and leave in the library
what a host looks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mesibo_abi.types import Revision

from ..tools import needs
from .compiling import HERE, exported, imported, include, run, tags

FIELD = HERE / "field"
FILTER = {"mesibo_log", "mesibo_util_getconfig"}


@dataclass(frozen=True, slots=True)
class Sample:
    """A source, and the host functions that it calls."""

    source: str
    imports: set[str]

    @property
    def path(self) -> Path:
        return FIELD / self.source

    @property
    def revision(self) -> Revision:
        return Revision(self.path.parent.name)


SAMPLES = [
    Sample("sdk2020/filter.c", FILTER),
    Sample(
        "sdk2020/chatbot.c",
        FILTER | {"mesibo_message", "mesibo_util_http", "mesibo_util_json_extract"},
    ),
    Sample("sdk2020/bridge.c", FILTER | {"mesibo_util_fcgi", "mesibo_util_usec"}),
    Sample(
        "sdk2020/relay.cpp",
        FILTER
        | {"mesibo_vlog", "mesibo_util_create_thread", "mesibo_util_socket_connect"}
        | {"mesibo_util_socket_write", "mesibo_util_socket_close"},
    ),
    Sample(
        "sdk2019/translator.c",
        FILTER | {"mesibo_http", "mesibo_message", "mesibo_util_json_extract"},
    ),
    Sample("sdk2019/greeter.c", {"mesibo_log", "mesibo_message", "mesibo_util_create_thread"}),
]
AS_CPP = ("-x", "c++")
VENDOR = ("-fPIC", "-g", "-Wall", "-DMESIBO_MODULE={name}")
"""As the vendor's make compiles: with g++ even what is C."""
COMMANDS = {
    "gcc": ("gcc", "-fPIC"),
    "g++": ("g++", *AS_CPP, "-fPIC"),
    "clang": ("clang", "-fPIC"),
    "vendor": ("g++", *VENDOR),
    "vendor-O2": ("g++", "-O2", *VENDOR),
    "vendor-gcc": ("gcc", *VENDOR),
    "vendor-clang++": ("clang++", *AS_CPP, *VENDOR),
}
CASES = [
    pytest.param(sample, command, marks=needs(command[0]), id=f"{Path(sample.source).stem}-{name}")
    for sample in SAMPLES
    for name, command in COMMANDS.items()
    if sample.source.endswith(".c") or "g++" in command or "clang++" in command
]


def test_no_sample_is_forgotten() -> None:
    found = {str(path.relative_to(FIELD)) for path in FIELD.rglob("*") if path.is_file()}
    assert found == {sample.source for sample in SAMPLES}


@pytest.mark.parametrize(("sample", "command"), CASES)
def test_it_compiles_unchanged(sample: Sample, command: tuple[str, ...], tmp_path: Path) -> None:
    name = sample.path.stem
    library = tmp_path / f"mesibo_mod_{name}.so"
    flags = [word.format(name=name) for word in command]
    said = run(*flags, include(sample.revision), "-shared", sample.path, "-o", library)
    assert said == ""
    assert f"mesibo_module_{name}_init" in exported(library)
    assert imported(library) == sample.imports
    assert tags(library) == [f"{sample.revision}\0".encode()]
