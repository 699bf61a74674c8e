"""From addresses in a file to functions and lines."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mesibo_abi.symbols import (
    Frame,
    Place,
    addr2line,
    definition,
    demangling,
    frames,
    functions,
    locate,
    symbolize,
    unfold,
)
from tests.conftest import Built
from tests.headers.compiling import compilers
from tests.libraries import Compile, compiler_in
from tests.tools import needs

pytestmark = needs("cc", "c++", "nm", "strip", "addr2line")

SOURCE = Path(__file__).parent.parent / "modules" / "ends.c"


def address_of(library: Path, function: str) -> int:
    listing = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in listing.splitlines() if line.endswith(f" {function}")]
    return int(line.split()[0], 16)


def places(library: Path) -> list[Place]:
    functions = ("write_null", "read_field", "recurse", "mesibo_module_ends_init")
    offsets = [address_of(library, function) for function in functions]
    return [Place(0x7000_0000_0000 + offset, offset, library) for offset in offsets]


@pytest.fixture(params=["addr2line", "pyelftools"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What reads the file: each gives the same."""
    monkeypatch.setattr(frames, "_known", {})
    if request.param == "pyelftools":
        monkeypatch.setattr(addr2line, "_TOOL", "no such tool")
    name: str = request.param
    return name


@pytest.mark.parametrize("version", ["-gdwarf-4", "-gdwarf-5"])
def test_functions_and_lines(built: Built, by: str, version: str) -> None:
    library = built("ends", version, "-O0")
    frames = symbolize(places(library))
    assert [frame.function for frame in frames] == [
        "write_null",
        "read_field",
        "recurse",
        "mesibo_module_ends_init",
    ]
    lines = SOURCE.read_text().splitlines()
    for frame in frames:
        assert frame.source is not None
        assert frame.line is not None
        assert frame.source.name == "ends.c"
        assert frame.function is not None
        assert frame.function in lines[frame.line - 1]
        assert str(frame) == f"{frame.function} at ends.c:{frame.line}"


def test_without_debugging_information(built: Built, by: str) -> None:
    library = built("ends", "-g0", "-O1")
    place = places(library)[0]
    assert symbolize([place]) == (
        Frame(place.address, library, place.offset, "write_null", outer="write_null"),
    )
    assert str(symbolize([place])[0]) == f"write_null in {library.name}+{place.offset:#x}"


def test_what_nothing_names(tmp_path: Path, built: Built, by: str) -> None:
    """A file that is not there any more, one that is no ELF file, and an address in none."""
    text = tmp_path / "text"
    text.write_text("no ELF file")
    asked = [
        Place(1, 1, tmp_path / "gone"),
        Place(2, 2, text),
        Place(3, 3, None),
        Place(4, 1 << 40, built("ends", "-g", "-O1")),
    ]
    frames = symbolize(asked)
    assert [(frame.function, frame.source, frame.line) for frame in frames] == [(None,) * 3] * 4
    assert [str(frame) for frame in frames[:3]] == [
        "?? in gone+0x1",
        "?? in text+0x2",
        "?? in no file",
    ]


def test_nothing_is_asked_for_nothing(by: str) -> None:
    assert symbolize([]) == ()


THREE = """\
__attribute__((noinline)) int first(int a) {
    return a * 3;
}
static __attribute__((noinline)) int second(int a) {
    return first(a) + 1;
}
int third(int a) { return second(a) + 2; }
"""


@pytest.fixture
def three(tmp_path: Path) -> Path:
    compile_c: Compile = compiler_in(tmp_path)
    return compile_c(THREE, "-g", "-O0", file="libthree.so")


def test_definitions(three: Path, tmp_path: Path, by: str) -> None:
    source = tmp_path / "source.c"
    for function, line in (("first", 1), ("second", 4), ("third", 7)):
        found = definition(three, function)
        assert found is not None
        assert (found.function, found.source, found.line) == (function, source, line)
        assert found.with_path() == f"{function}, {source}:{line}"
    assert definition(three, "fourth") is None
    assert definition(tmp_path / "gone", "first") is None


def test_names_are_of_their_own_code_only(three: Path, by: str) -> None:
    """A local function whose name was stripped is not called by that of its neighbour."""
    first, second = (address_of(three, name) for name in ("first", "second"))
    subprocess.run(["strip", three], check=True)
    assert locate(three, first).with_path() == "first in libthree.so"
    assert locate(three, second).with_path() == f"libthree.so+{second:#x}"
    assert Frame(16, None, 16).with_path() == "no file+0x10"


INLINED = """\
static inline __attribute__((always_inline)) int inner(int a) {
    return *(volatile int *)0 + a;
}
int outer(int a) { return inner(a); }
"""


def test_an_inlined_function(tmp_path: Path) -> None:
    """It is named, with the one whose code it became."""
    compile_c: Compile = compiler_in(tmp_path)
    library = compile_c(INLINED, "-g", "-O1", file="libinlined.so")
    begin = address_of(library, "outer")
    frames = symbolize([Place(at, at, library) for at in range(begin, begin + 8)])
    (found,) = {(frame.function, frame.outer) for frame in frames if frame.line == 2}
    assert found == ("inner", "outer")
    inner, outer = unfold(next(frame for frame in frames if frame.line == 2))
    assert (inner.function, inner.line, inner.inlined) == ("inner", 2, True)
    assert (outer.function, outer.line, outer.inlined) == ("outer", 4, False)
    assert str(inner).endswith(":2 (inlined)")
    assert unfold(outer) == (outer,)


COUNTED = """\
static inline int count(const char *p, unsigned long n) {
    int k = 0;
    for (unsigned long i = 0; i < n + 40; i++)
        k += p[i] == 97;
    return k;
}
extern "C" __attribute__((noinline)) int counted(const char *text, unsigned long size) {
    if (count(text, size) > 100000)
        return 1;
    return 2;
}
"""


@pytest.mark.parametrize("version", ["-gdwarf-4", "-gdwarf-5"])
@compilers("gcc", "g++", "clang", "clang++")
def test_every_instruction_of_inlined_functions(
    tmp_path: Path, by: str, compiler: str, version: str
) -> None:
    """Also of those that the compiler gave no line: a function and one of its own lines."""
    is_c = not compiler.endswith("++")
    text = COUNTED.replace('extern "C" ', "") if is_c else COUNTED
    language = "c" if is_c else "c++"
    library = tmp_path / "libcounted.so"
    source = tmp_path / "counted"
    source.write_text(text)
    command = [compiler, "-fPIC", "-shared", "-O2", version, "-x", language, str(source)]
    subprocess.run([*command, "-o", str(library)], check=True)
    (whole,) = [symbol for symbol in functions(library) if symbol.name == "counted"]
    places = [Place(at, at, library) for at in range(whole.address, whole.address + whole.size, 2)]
    stacks = [unfold(frame) for frame in symbolize(places)]
    for stack in stacks:
        assert [frame.function for frame in stack] == ["count", "counted"][-len(stack) :]
        for frame in stack:
            assert frame.line is not None
            assert frame.line in (range(1, 7) if frame.function == "count" else range(7, 12))
            assert frame.outer in (None, "counted")
    assert {stack[-1].line for stack in stacks if len(stack) == 2} == {8}
    assert {len(stack) for stack in stacks} == {1, 2}


NAMED = """\
namespace shop {
namespace {
int sold(volatile int *at) {
    return *at;
}
}
struct Cart {
    int add(volatile int *at);
};
int Cart::add(volatile int *at) { return sold(at) + 1; }
}
"""


@pytest.mark.parametrize("optimised", ["-O0", "-O2"])
@compilers("g++", "clang++")
def test_names_of_cplusplus(tmp_path: Path, by: str, compiler: str, optimised: str) -> None:
    """With what they are in, and without their parameters; also where only a symbol names them."""
    compile_it: Compile = compiler_in(tmp_path)
    for debugging in ("-g", "-g0"):
        library = compile_it(NAMED, debugging, optimised, file="libnamed.so", cc=compiler)
        (add,) = [symbol for symbol in functions(library) if "3add" in symbol.name]
        code = range(add.address, add.address + add.size)
        frames = symbolize([Place(at, at, library) for at in code])
        assert {unfold(frame)[-1].function for frame in frames} == {"shop::Cart::add"}
    library = compile_it(NAMED, "-g", optimised, file="libnamed.so", cc=compiler)
    every = [
        Place(at, at, library)
        for each in functions(library)
        for at in range(each.address, each.address + each.size)
    ]
    sold = {frame.function for frame in symbolize(every) if frame.line == 4}
    # gcc does not note how the linker calls what no other file can
    assert sold == {"sold" if compiler == "g++" else "shop::(anonymous namespace)::sold"}


def test_names_of_cplusplus_without_the_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demangling, "_TOOL", "no such tool")
    monkeypatch.setattr(frames, "_known", {})
    library = compiler_in(tmp_path)(NAMED, "-g", "-O0", file="libnamed.so", cc="c++")
    (add,) = [symbol for symbol in functions(library) if "3add" in symbol.name]
    assert locate(library, add.address).function == add.name
