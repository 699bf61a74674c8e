"""Building modules with the compilers of this machine."""

from __future__ import annotations

import ctypes
import os
import shlex
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi.compiler import BuildWarning, build, flags_of_environment
from mesibo_abi.elf import ToldBy, inspect
from mesibo_abi.errors import BuildError, InputError
from mesibo_abi.paths import get_include
from tests.tools import needs

pytestmark = needs("cc", "c++")

MINIMAL = Path(__file__).parent / "modules" / "minimal.c"
MANGLED = Path(__file__).parent / "modules" / "mangled.cpp"
VARIABLES = ("CC", "CXX", "CPPFLAGS", "CFLAGS", "CXXFLAGS", "LDFLAGS")


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current directory and an environment that are the test's own."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def module(name: str) -> str:
    return (
        f'#include "module.h"\nMESIBO_EXPORT int mesibo_module_{name}_init'
        "(mesibo_module_t *mod, mesibo_uint_t len) { return sizeof(*mod) != len; }\n"
    )


def recorder(name: str, real: str) -> tuple[str, Path]:
    """A compiler (as $CC wants it) that writes its arguments down, and the file they are in."""
    log = Path(f"{name}.log").absolute()
    script = Path(name).absolute()
    script.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(log))}\nexec {real} "$@"\n')
    script.chmod(0o755)
    return str(script), log


def left() -> set[str]:
    """The files in the current directory, hidden ones too."""
    return {path.name for path in Path().iterdir()}


def test_one_source() -> None:
    made = build(MINIMAL)
    assert made == Path("mesibo_mod_minimal.so")
    assert left() == {"mesibo_mod_minimal.so"}
    found = inspect(made)
    assert (found.revision, found.told_by, found.problems) == ("doc2019", ToldBy.TAG, ())
    assert ctypes.CDLL(str(made.absolute())).mesibo_module_minimal_init
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(made.stat().st_mode) == 0o777 & ~umask


def test_c_and_cpp_together() -> None:
    first = write(
        "mesibo_mod_two.c", module("two") + "int twice(int);\nint f(void) { return twice(2); }\n"
    )
    second = write(
        "twice.cpp",
        '#include <string>\nextern "C" int twice(int n) { return 2 * std::string(n, 0).size(); }\n',
    )
    made = build([str(first), second])
    assert made == Path("mesibo_mod_two.so")
    assert any(name.startswith("libstdc++") for name in inspect(made).needed)
    assert ctypes.CDLL(str(made.absolute())).f() == 4


def test_sources_of_the_same_name_in_two_directories() -> None:
    Path("a").mkdir()
    Path("b").mkdir()
    first = write("a/util.c", module("util"))
    second = write("b/util.c", "int other(void) { return 3; }\n")
    assert "other" in inspect(build([first, second])).exported


@pytest.mark.parametrize("suffix", ["cc", "cpp", "cxx", "C", "c++", "cp"])
def test_every_suffix_of_cpp(suffix: str) -> None:
    made = build(write(f"x.{suffix}", "#ifndef __cplusplus\n#error\n#endif\n" + module("x")))
    assert inspect(made).entry_point == "mesibo_module_x_init"


def test_the_command_is_that_of_the_field(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler, log = recorder("cc-of-test", "cc")
    monkeypatch.setenv("CC", compiler)
    source = write("m.c", module("m"))
    build(source)
    compiled, linked = (line.split() for line in log.read_text().splitlines())
    flags = ["-O2", "-g", "-fno-omit-frame-pointer", "-fPIC", "-Wall"]
    assert compiled[:-1] == [
        *flags, "-DMESIBO_MODULE=m", "-I", get_include(), "-c", "m.c", "-o",
    ]  # fmt: skip
    assert linked[:7] == ["-shared", *flags, "-o"]
    assert linked[8] == compiled[-1]


def test_debug_does_not_optimise(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler, log = recorder("cc-of-test", "cc")
    monkeypatch.setenv("CC", compiler)
    build(write("m.c", module("m")), debug=True)
    for line in log.read_text().splitlines():
        assert "-O0" in line.split()
        assert "-O2" not in line.split()


def test_the_environment_chooses_compilers_and_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, real in (("CC", "cc"), ("CXX", "c++")):
        compiler, _ = recorder(f"{real}-of-test", real)
        monkeypatch.setenv(variable, f"env LC_ALL=C '{compiler}'")
    monkeypatch.setenv("CPPFLAGS", "-DPRE")
    monkeypatch.setenv("CFLAGS", "-DONLY_C='a b'")
    monkeypatch.setenv("CXXFLAGS", "-DONLY_CPP")
    monkeypatch.setenv("LDFLAGS", "-Wl,--build-id=none")
    build([write("m.c", module("m")), write("n.cpp", "int n;\n")])
    c, cpp = Path("cc-of-test.log").read_text(), Path("c++-of-test.log").read_text()
    compiled, linked = cpp.splitlines()
    assert "-DPRE -DONLY_C=a b" in c
    assert len(c.splitlines()) == 1
    assert "-DPRE -DONLY_CPP" in compiled
    assert "ONLY_C=" not in cpp
    assert "-DONLY_CPP -Wl,--build-id=none" in linked
    assert "build-id" not in compiled


def test_extra_arguments_for_the_linker_do_not_reach_the_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiler, log = recorder("cc-of-test", "cc")
    monkeypatch.setenv("CC", compiler)
    both, linker = ["-DX=1", "-I", "."], ["-lm", "-L", ".", "-Wl,-z,now", "-l", "dl", "-z", "lazy"]
    build(write("m.c", module("m") + "int x = X;\n"), extra_args=[*both, *linker])
    compiled, linked = log.read_text().splitlines()
    assert "-DX=1 -I . -c m.c" in compiled
    assert linked.endswith(shlex.join([*both, *linker]))


# ---- Names and places


@pytest.mark.parametrize(
    ("source", "name", "output", "made", "defined"),
    [
        ("m.c", None, None, "mesibo_mod_m.so", "m"),
        ("mesibo_mod_m.c", None, None, "mesibo_mod_m.so", "m"),
        ("m.c", "n", None, "mesibo_mod_n.so", "n"),
        ("m.c", None, "out", "out/mesibo_mod_m.so", "m"),
        ("m.c", "n", "out", "out/mesibo_mod_n.so", "n"),
        ("m.c", None, "out/mesibo_mod_o.so", "out/mesibo_mod_o.so", "o"),
        ("m.c", "n", "out/mesibo_mod_o.so", "out/mesibo_mod_o.so", "n"),
        ("a-b.c", None, "out/o.so", "out/o.so", "o"),
    ],
)
def test_where_the_name_and_the_place_come_from(
    source: str, name: str | None, output: str | None, made: str, defined: str
) -> None:
    Path("out").mkdir()
    text = (
        "#define NAME_(m) mesibo_module_##m##_init\n#define NAME(m) NAME_(m)\n"
        "int NAME(MESIBO_MODULE)(void) { return 0; }\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BuildWarning)
        assert build(write(source, text), name=name, output=output) == Path(made)
    assert f"mesibo_module_{defined}_init" in inspect(made).exported


@pytest.mark.parametrize(
    ("name", "better"), [("a-b", "a_b"), ("", "filter"), ("\u00e9t\u00e9", "_t_")]
)
def test_a_name_that_no_identifier_can_hold(name: str, better: str) -> None:
    source = write(f"{name}.c" if name else "mesibo_mod_.c", module("m"))
    with pytest.raises(InputError) as caught:
        build(source)
    assert str(caught.value) == (
        f"build: {name!r} cannot be the name of a module\n"
        "  expected letters, digits and _ (it becomes part of the C identifier "
        f"mesibo_module_<name>_init), found {name!r}\n"
        f"  hint: give another, such as name={better!r}; on the command line --name {better}, to "
        f"`fuzz` --entry-point mesibo_module_{better}_init"
    )


def test_no_sources() -> None:
    with pytest.raises(InputError) as caught:
        build([])
    assert str(caught.value) == (
        "build: no sources\n"
        "  expected at least one C or C++ file, found none\n"
        "  hint: give the path of the module's source"
    )


def test_a_source_that_is_not_there() -> None:
    Path("d.c").mkdir()
    with pytest.raises(InputError) as caught:
        build("m.c")
    assert str(caught.value) == (
        "m.c: no such file\n"
        "  expected a source file, found none\n"
        "  hint: give the path of the module's source"
    )
    with pytest.raises(InputError, match="expected a source file, found a directory"):
        build("d.c")


def test_a_source_of_another_language() -> None:
    with pytest.raises(InputError) as caught:
        build([MINIMAL, write("m.o", "")])
    assert str(caught.value) == (
        "m.o: not a C or C++ source\n"
        "  expected a name that ends in one of .C .c .c++ .cc .cp .cpp .cxx, found 'm.o'\n"
        "  hint: rename it; objects and archives go into extra_args"
    )


def test_an_output_without_its_directory() -> None:
    with pytest.raises(InputError) as caught:
        build(MINIMAL, output="no/where/mesibo_mod_minimal.so")
    assert str(caught.value) == (
        "no/where/mesibo_mod_minimal.so: its directory does not exist\n"
        "  expected a directory no/where, found none\n"
        "  hint: create it first, or give another output"
    )


@pytest.mark.parametrize("source", ["-f.c", "@f.c"])
def test_a_source_that_looks_like_an_option(source: str) -> None:
    Path("@out").mkdir()
    made = build(write(source, module("f")), name="f", output="@out")
    assert inspect(made).entry_point == "mesibo_module_f_init"


@pytest.mark.parametrize(
    ("sources", "given", "words"),
    [
        (5, {}, "build: a source is of the wrong type: expected str or a path, got 5; "
         "pass the path of a file"),
        ([MINIMAL, None], {}, "build: a source is of the wrong type: expected str or a path, "
         "got None; pass the path of a file"),
        (b"m.c", {}, "build: a source is of the wrong type: expected str or a path, got b'm.c'; "
         "decode it with os.fsdecode"),
        (MINIMAL, {"name": 5}, "build: the name is of the wrong type: expected str, got 5; "
         "pass text"),
        (MINIMAL, {"name": 0}, "build: the name is of the wrong type: expected str, got 0; "
         "pass text"),
        (MINIMAL, {"output": 5}, "build: the output is of the wrong type: expected str or a path, "
         "got 5; pass the path of a file"),
        *((MINIMAL, {"extra_args": wrong}, "build: extra_args is of the wrong type: expected a "
           f"list of str, got {wrong!r}; pass each argument by itself, such as "
           "extra_args=['-lm']") for wrong in ("-lm", 5, [5])),
    ],
)  # fmt: skip
def test_arguments_of_the_wrong_type(sources: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError) as caught:
        build(sources, **given)
    assert str(caught.value) == words
    assert left() == set()


# ---- What goes wrong


BROKEN = "int f(void) { return there_is_no_such_thing; }\n"


def test_the_compilers_words_come_through() -> None:
    source = write("broken.c", BROKEN)
    with pytest.raises(BuildError) as caught:
        build(source)
    error = caught.value
    assert "there_is_no_such_thing" in error.output
    assert error.command[-4:-1] == ("-c", "broken.c", "-o")
    lines = str(error).splitlines()
    assert lines[0] == "broken.c: does not compile"
    assert lines[1] == f"  expected exit status 0, found 1 of: {shlex.join(error.command)}"
    assert lines[2] == "  mend what it says:"
    assert lines[3:] == [f"  {line}" for line in error.output.splitlines()]


def test_a_compilers_words_in_no_encoding_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    script = write("cc-of-test", "#!/bin/sh\nprintf 'caf\\351\\n'\nexit 7\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", f"./{script}")
    with pytest.raises(BuildError) as caught:
        build(MINIMAL)
    assert caught.value.output == "caf\\xe9"
    assert "found 7 of: " in caught.value.detail


def test_what_does_not_link() -> None:
    with pytest.raises(BuildError) as caught:
        build(MINIMAL, extra_args=["-l:there_is_no_such_library.a"])
    assert caught.value.what == "mesibo_mod_minimal.so: does not link"
    assert "there_is_no_such_library" in str(caught.value).splitlines()[-2] + caught.value.output
    assert left() == set()


def test_undefined_symbols_are_no_error() -> None:
    source = write("m.c", module("m") + "void elsewhere(void);\nvoid f(void) { elsewhere(); }\n")
    assert "elsewhere" in inspect(build(source)).undefined


@pytest.mark.parametrize(
    ("variable", "source", "language", "default", "package"),
    [("CC", "m.c", "C", "cc", "gcc"), ("CXX", "m.cpp", "C++", "c++", "g++")],
)
def test_no_compiler(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    source: str,
    language: str,
    default: str,
    package: str,
) -> None:
    monkeypatch.setenv(variable, "no-such-compiler -O3")
    with pytest.raises(BuildError) as caught:
        build(write(source, module("m")))
    assert str(caught.value) == (
        f"no {language} compiler: no-such-compiler cannot be run\n"
        f"  expected ${variable}, else {default}, on the PATH, found: No such file or directory\n"
        f"  hint: install one (on Debian: apt-get install {package}), "
        f"or name yours in ${variable}"
    )
    assert caught.value.command[:2] == ("no-such-compiler", "-O3")
    monkeypatch.delenv(variable)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BuildError, match=f"compiler: {default.replace('+', '.')} cannot be run"):
        build(source)


def test_flags_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPPFLAGS", "-DPRE='a b'")
    monkeypatch.setenv("CFLAGS", "-std=c17 -DC")
    monkeypatch.setenv("CXXFLAGS", "-DCPP")
    monkeypatch.setenv("LDFLAGS", "-lm")
    c, cpp = Path("m.c"), Path("m.cpp")
    assert flags_of_environment([c, c]) == ("-DPRE=a b", "-std=c17", "-DC", "-lm")
    assert flags_of_environment([cpp]) == ("-DPRE=a b", "-DCPP", "-lm")
    assert flags_of_environment([cpp, c]) == ("-DPRE=a b", "-DC", "-DCPP", "-lm")


def test_a_variable_with_an_open_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLAGS", "-DX='a")
    with pytest.raises(BuildError) as caught:
        build(MINIMAL)
    assert str(caught.value) == (
        "$CFLAGS cannot be split into words\n"
        '  expected a command line, found "-DX=\'a": No closing quotation\n'
        "  hint: close the quotes in it"
    )


def test_arguments_that_send_the_output_elsewhere() -> None:
    with pytest.raises(BuildError) as caught:
        build(MINIMAL, extra_args=["-oelsewhere.so"])
    assert caught.value.what == "mesibo_mod_minimal.so: the linker made no library"
    assert caught.value.hint == (
        "take arguments such as -c and -o out of extra_args and of the environment"
    )


# ---- The output


def test_a_failed_build_leaves_the_old_output() -> None:
    source = write("m.c", module("m"))
    old = build(source).read_bytes()
    source.write_text(BROKEN)
    with pytest.raises(BuildError):
        build(source)
    source.write_text(module("m"))
    with pytest.raises(BuildError):
        build(source, extra_args=["-l:there_is_no_such_library.a"])
    assert Path("mesibo_mod_m.so").read_bytes() == old
    assert left() == {"m.c", "mesibo_mod_m.so"}


def test_a_rebuilt_library_is_another_file() -> None:
    source = write("m.c", module("m"))
    with build(source).open("rb") as old:
        before = old.read()
        source.write_text(module("m") + "int more;\n")
        made = build(source)
        old.seek(0)
        assert old.read() == before
    assert made.read_bytes() != before


def test_an_interrupt_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linker has written its file when the signal comes, and has not ended."""
    script = write(
        "cc-of-test",
        '#!/bin/sh\ncc "$@"\ncase "$*" in -shared*) kill -INT $PPID; exec sleep 20;; esac\n',
    )
    script.chmod(0o755)
    monkeypatch.setenv("CC", f"./{script}")
    output = write("mesibo_mod_minimal.so", "old")
    with pytest.raises(KeyboardInterrupt):
        build(MINIMAL)
    assert output.read_text() == "old"
    assert left() == {"cc-of-test", "mesibo_mod_minimal.so"}


def test_an_output_that_cannot_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the linker runs, somebody makes a directory of that name."""
    script = write(
        "cc-of-test",
        '#!/bin/sh\ncase "$*" in -shared*) mkdir out/mesibo_mod_minimal.so;; esac\nexec cc "$@"\n',
    )
    script.chmod(0o755)
    monkeypatch.setenv("CC", f"./{script}")
    Path("out").mkdir()
    with pytest.raises(BuildError) as caught:
        build(MINIMAL, output="out")
    assert str(caught.value) == (
        "out/mesibo_mod_minimal.so: cannot be written\n"
        "  expected a file that may be replaced, found: Is a directory\n"
        "  hint: give another output, or mend the rights of its directory"
    )


# ---- Warnings


def test_the_compilers_warnings_are_warnings() -> None:
    source = write("m.c", module("m") + "static int unused_one;\n")
    with pytest.warns(BuildWarning, match="unused_one") as caught:
        made = build(source)
    assert made.is_file()
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_what_inspect_finds_is_a_warning() -> None:
    with pytest.warns(BuildWarning) as caught:
        made = build(MANGLED)
    assert [str(warning.message) for warning in caught] == [str(inspect(made).problems[0])]
    assert "put MESIBO_EXPORT before its definition" in str(caught[0].message)


def test_what_inspect_cannot_read_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    script = write(
        "cc-of-test", '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho no > "$2"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CC", f"./{script}")
    with pytest.warns(BuildWarning, match="^mesibo_mod_minimal.so: not an ELF file"):
        build(MINIMAL)


def test_a_warning_made_an_error_leaves_the_output() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", BuildWarning)
        with pytest.raises(BuildWarning):
            build(MANGLED)
    assert left() == {"mesibo_mod_mangled.so"}
