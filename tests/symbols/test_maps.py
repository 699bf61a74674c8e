"""Mappings of a process, and what of a file is at an address."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mesibo_abi.symbols import (
    Mapping,
    Place,
    frames,
    functions,
    places,
    read_maps,
    symbolize,
    tables,
)
from mesibo_abi.symbols.tables import segments
from tests.libraries import Compile, compiler_in
from tests.tools import needs

pytestmark = needs("cc", "addr2line", "objcopy")

SOURCE = """\
__attribute__((noinline)) int first(int a) { return a * 3; }
__attribute__((noinline)) int second(int a) { return first(a) + 1; }
"""


def test_a_stack(tmp_path: Path) -> None:
    """The library is mapped somewhere; return addresses are looked up one before."""
    compile_c: Compile = compiler_in(tmp_path)
    library = compile_c(SOURCE, "-g", "-O0", file="libtwo.so")
    names = {symbol.name: symbol for symbol in functions(library)}
    base = 0x7F0000000000
    maps = [
        Mapping(base + start, base + start + size, offset, library)
        for offset, size, start in segments(library)
    ]
    after = names["second"].address + names["second"].size  # where a tail call returns to
    stack = [base + names["first"].address, base + after]
    found = places(stack, maps)
    assert [place.address for place in found] == stack
    assert [place.offset for place in found] == [names["first"].address, after - 1]
    assert [frame.function for frame in symbolize(found)] == ["first", "second"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "libnone.so"
    maps = [Mapping(0, 16, 0, path)]
    assert places([8], maps) == [Place(8, 8, path)]
    assert functions(path) == ()
    path.write_bytes(b"\x7fELF and no more")
    assert places([8], maps) == [Place(8, 8, path)]
    assert functions(path) == ()


def test_maps() -> None:
    text = (
        "1000-2000 r--p 00000000 08:01 7                  /lib/a b.so\n"
        "2000-3000 r-xp 00001000 08:01 7                  /lib/a b.so\n"
        "3000-4000 rw-p 00000000 00:00 0 \n"
        "5000-6000 rw-p 00000000 00:00 0                  [stack]\n"
        "7000-80"
    )
    path = Path("/lib/a b.so")
    assert read_maps(text) == [
        Mapping(0x1000, 0x2000, 0, path),
        Mapping(0x2000, 0x3000, 0x1000, path),
        Mapping(0x3000, 0x4000, 0, None),
        Mapping(0x5000, 0x6000, 0, None),
    ]


def test_of_this_process() -> None:
    maps = read_maps(Path("/proc/self/maps").read_text())
    assert any(mapping.path is not None and "libc" in mapping.path.name for mapping in maps)


def test_an_address_that_is_nowhere() -> None:
    maps = [Mapping(0x1000, 0x2000, 0, Path("/lib/a.so")), Mapping(0x3000, 0x4000, 0, None)]
    stack = [0x10, 0x2001, 0x3500]
    assert places(stack, maps) == [Place(address, address, None) for address in stack]


def test_of_several_names_the_last(tmp_path: Path) -> None:
    library = compiler_in(tmp_path)(
        "int middle(void) { return 1; }\n"
        'int alpha(void) __attribute__((alias("middle")));\n'
        'int zulu(void) __attribute__((alias("middle")));\n',
        "-g0",
        file="libnames.so",
    )
    names = [symbol.name for symbol in functions(library)]
    assert [name for name in names if name in ("alpha", "middle", "zulu")] == [
        "alpha",
        "middle",
        "zulu",
    ]
    (start,) = {symbol.address for symbol in functions(library) if symbol.name == "middle"}
    (frame,) = symbolize([Place(start, start, library)])
    assert frame.function == "zulu"


def test_debugging_information_beside_the_file(tmp_path: Path) -> None:
    """As distributions split it off: it is asked where it is there."""
    library = compiler_in(tmp_path)(SOURCE, "-g", "-O0", file="libsplit.so")
    debug = tmp_path / "libsplit.so.debug"
    subprocess.run(["objcopy", "--only-keep-debug", library, debug], check=True)
    subprocess.run(["objcopy", "--strip-debug", library], check=True)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", library], check=True, cwd=tmp_path)
    (start,) = [symbol.address for symbol in functions(library) if symbol.name == "second"]
    assert tables.has_lines(library)
    assert str(symbolize([Place(start, start, library)])[0]) == "second at source.c:2"
    debug.unlink()
    frames._known.clear()
    assert not tables.has_lines(library)
    (frame,) = symbolize([Place(start, start, library)])
    assert (frame.function, frame.source, frame.line) == ("second", None, None)
