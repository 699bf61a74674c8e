"""From addresses to functions and lines: by addr2line, and without it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mesibo_abi import symbols
from mesibo_abi.symbols import Frame, Mapping, definition, functions, locate, read_maps, symbolize
from tests.libraries import Compile, compiler_in
from tests.tools import needs

pytestmark = needs("cc", "strip")

SOURCE = """\
__attribute__((noinline)) int first(int a) {
    return a * 3;
}
static __attribute__((noinline)) int second(int a) {
    return first(a) + 1;
}
int third(int a) { return second(a) + 2; }
"""


@pytest.fixture(params=["addr2line", "no such tool"])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of reading say the same."""
    monkeypatch.setattr(symbols, "_TOOL", request.param)
    symbols._in_file.cache_clear()
    name: str = request.param
    return name


@pytest.fixture
def library(tmp_path: Path) -> Path:
    compile_c: Compile = compiler_in(tmp_path)
    return compile_c(SOURCE, "-g", "-O0", file="libthree.so")


@pytest.mark.usefixtures("tool")
class TestEitherWay:
    def test_definitions(self, library: Path, tmp_path: Path) -> None:
        source = str(tmp_path / "source.c")
        for function, line in (("first", 1), ("second", 4), ("third", 7)):
            found = definition(library, function)
            assert found is not None
            assert (found.function, found.file, found.line) == (function, source, line)
            assert str(found) == f"{function}, {source}:{line}"
        assert definition(library, "fourth") is None

    def test_frames_of_a_process(self, library: Path) -> None:
        """As they are mapped somewhere; return addresses are looked up one before."""
        names = {symbol.name: symbol for symbol in functions(library)}
        base = 0x7F0000000000
        maps = [
            Mapping(base + start, base + start + size, offset, library)
            for offset, size, start in symbols._segments(library)
        ]
        after = names["second"].address + names["second"].size  # where a tail call returns to
        frames = symbolize([base + names["first"].address, base + after], maps)
        assert [frame.function for frame in frames] == ["first", "second"]
        assert [frame.path for frame in frames] == [library, library]

    def test_without_debugging_information(self, library: Path) -> None:
        before = {symbol.name: symbol.address for symbol in functions(library)}
        subprocess.run(["strip", library], check=True)
        assert str(locate(library, before["first"])) == "first in libthree.so"
        unknown = locate(library, before["second"])
        assert str(unknown) == f"libthree.so+{before['second']:#x}"

    def test_nothing_is_raised(self, tmp_path: Path) -> None:
        path = tmp_path / "libnone.so"
        assert symbolize([8], [Mapping(0, 16, 0, path)]) == [Frame(path, 8)]
        assert definition(path, "first") is None
        path.write_bytes(b"\x7fELF and no more")
        assert symbolize([8], [Mapping(0, 16, 0, path)]) == [Frame(path, 8)]
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
    assert symbolize([0x10, 0x2001, 0x3500], maps) == [
        Frame(None, 0x10),
        Frame(None, 0x2001),
        Frame(None, 0x3500),
    ]
    assert str(Frame(None, 0x10)) == "no file+0x10"
