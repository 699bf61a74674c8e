"""What is there is found and tried, what is missing or broken is said, with how to install it."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mesibo_abi.doctor import Area, State, Tool, examine, installing, trials
from mesibo_abi.errors import BuildError
from mesibo_abi.fuzzing import toolchain
from mesibo_abi.fuzzing.subject import Sanitizer
from tests.tools import needs

NATIVE = (Area.COMPILERS, Area.SANITIZERS, Area.FUZZERS, Area.DEBUGGERS)
Fake = Callable[[str, str], Path]


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "os-release"
    path.write_text('NAME="Debian GNU/Linux"\nID=debian\n')
    monkeypatch.setattr(installing, "OS_RELEASE", path)
    return path


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, debian: Path) -> Fake:
    """Puts shell scripts on a PATH that has nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)

    def write(name: str, body: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


def examined() -> dict[str, Tool]:
    return {tool.name: tool for tool in examine()}


@needs("cc", "c++")
def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    found = examined()
    for name, command in (("C compiler", "cc"), ("C++ compiler", "c++")):
        assert found[name].state is State.FOUND
        assert found[name].path == shutil.which(command)
        assert any(digit in found[name].version for digit in "123456789")
    for name in ("AddressSanitizer", "UndefinedBehaviorSanitizer", "ThreadSanitizer"):
        assert found[name].state is State.FOUND, found[name]
    for name in ("gdb", "addr2line"):
        assert (found[name].state is State.FOUND) == (shutil.which(name) is not None)
    for name in ("pytest", "hypothesis"):
        assert found[name].version == importlib.metadata.version(name)


@pytest.mark.parametrize(
    ("name", "sanitizer"),
    [
        ("libFuzzer with ASan and UBSan", Sanitizer.ADDRESS),
        ("libFuzzer with TSan", Sanitizer.THREAD),
    ],
)
def test_libfuzzer_is_what_the_fuzzer_would_take(name: str, sanitizer: Sanitizer) -> None:
    tool = examined()[name]
    try:
        expected = toolchain.find(sanitizer)
    except BuildError as error:
        found = (State.MISSING, "", error.hint)
    else:
        found = (State.FOUND, shutil.which(expected.c[0]) or "", "")
        assert tool.detail == f"with {expected.archive}"
    assert (tool.state, tool.path, tool.install) == found


@needs("cc", "c++")
@pytest.mark.parametrize(
    ("compiler", "program"),
    [
        ("cc", trials.ADDRESS),
        ("cc", trials.UNDEFINED),
        ("cc", trials.THREAD),
        ("cc", trials.FUZZER),
        ("c++", trials.PLAIN_C),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_program_can_fail(compiler: str, program: trials.Program) -> None:
    """Without the sanitizer, the fuzzer, the language that it is for."""
    arguments = ["-fsyntax-only"] if program is trials.PLAIN_C else []
    assert trials.failure(program, [compiler, "-pthread", *arguments]) != ""


@needs("cc", "c++")
def test_programs_that_work() -> None:
    assert trials.failure(trials.PLAIN_C, ["cc"]) == ""
    assert trials.failure(trials.PLAIN_CPP, ["c++"]) == ""


def test_an_empty_path(fake: Fake) -> None:
    found = examined()
    native = [tool for tool in found.values() if tool.area in NATIVE]
    assert {tool.state for tool in native} == {State.MISSING}
    assert found["C compiler"] == Tool(
        Area.COMPILERS,
        "C compiler",
        "mesibo-abi build, mesibo_abi.build",
        State.MISSING,
        detail="there is no cc on the PATH",
        install="apt-get install gcc libc6-dev",
    )
    assert found["C++ compiler"].install == "apt-get install g++"
    assert found["AddressSanitizer"].detail == "it needs a C compiler that works"
    assert found["libFuzzer with TSan"].detail.startswith("found no clang, no gcc, ")
    assert "apt-get install clang libclang-rt-14-dev" in found["libFuzzer with TSan"].install
    installs = {tool.name: tool.install for tool in native if tool.area is Area.DEBUGGERS}
    assert installs == {
        "gdb": "apt-get install gdb",
        "addr2line": "apt-get install binutils",
        "llvm-symbolizer": "apt-get install llvm",
        "valgrind": "apt-get install valgrind libc6-dbg",
    }
    assert found["pytest"].state is State.FOUND


def test_a_compiler_that_does_not_compile(fake: Fake) -> None:
    path = fake("cc", 'echo "cc 7.1"; test "$1" = --version && exit; echo "error: no"; exit 1')
    found = examined()
    assert found["C compiler"] == Tool(
        Area.COMPILERS,
        "C compiler",
        "mesibo-abi build, mesibo_abi.build",
        State.BROKEN,
        "cc 7.1",
        str(path),
        "it does not compile a small program: error: no",
        "apt-get install gcc libc6-dev",
    )
    assert found["ThreadSanitizer"].state is State.MISSING


@needs("cc")
def test_a_compiler_without_sanitizers(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("cc", path="/usr/local/bin:/usr/bin:/bin")
    monkeypatch.setenv("PATH", f"{Path(fake('true', '')).parent}:/usr/local/bin:/usr/bin:/bin")
    fake(
        "cc",
        'case "$*" in *=address*) echo "cannot find -lasan: error"; exit 1;; esac\n'
        "for each; do shift; case $each in -fsanitize*) ;; "
        '*) set -- "$@" "$each";; esac; done\n'
        f'exec {real} "$@"',
    )
    found = examined()
    assert found["C compiler"].state is State.FOUND
    for name, wrong in (
        ("AddressSanitizer", "it does not compile a small program: cannot find -lasan: error"),
        (
            "UndefinedBehaviorSanitizer",
            "a small program ended with status 0 and it said nothing",
        ),
        ("ThreadSanitizer", "a small program ended with status 0 and it said nothing"),
    ):
        assert (found[name].state, found[name].detail) == (State.BROKEN, wrong)
        assert found[name].install == "apt-get install gcc libc6-dev"


def test_the_runtime_of_clang_has_its_number(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    made = (
        'case "$*" in *--version*) echo "Debian clang version 17.0.6"; exit;;\n'
        "*-fsanitize*) echo no; exit 1;; esac\n"
        'for each; do last=$each; done\nprintf "#!/bin/sh\\necho works\\n" > "$last"\n'
        '/bin/chmod +x "$last"'
    )
    fake("my-clang", made)
    monkeypatch.setenv("CC", "my-clang -O1")
    found = examined()
    assert found["C compiler"].version == "Debian clang version 17.0.6"
    assert found["AddressSanitizer"].state is State.BROKEN
    assert found["AddressSanitizer"].install == "apt-get install libclang-rt-17-dev"


def test_a_variable_that_is_no_command(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "'gcc")
    compiler = next(iter(examine()))
    assert (compiler.state, compiler.install) == (State.BROKEN, "close the quotes in it")
    assert compiler.detail == (
        '$CC cannot be split into words expected a command line, found "\'gcc": '
        "No closing quotation hint: close the quotes in it"
    )


def test_valgrind_that_cannot_begin(fake: Fake) -> None:
    says = 'test "$1" = --version && echo valgrind-3.19.0 && exit\necho why >&2\nexit 1'
    path = fake("valgrind", says)
    assert examined()["valgrind"] == Tool(
        Area.DEBUGGERS,
        "valgrind",
        "mesibo-abi check --valgrind",
        State.BROKEN,
        "valgrind-3.19.0",
        str(path),
        "it ended with status 1: why",
        "apt-get install valgrind libc6-dbg",
    )


def test_another_one_does_its_work(fake: Fake) -> None:
    fake("addr2line", "echo GNU addr2line 2.40")
    found = examined()
    assert found["addr2line"].version == "GNU addr2line 2.40"
    symbolizer = found["llvm-symbolizer"]
    assert (symbolizer.state, symbolizer.detail) == (State.SPARED, "addr2line does its work")
    assert symbolizer.install == ""


def test_extras_by_what_was_declared(monkeypatch: pytest.MonkeyPatch, fake: Fake) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in ("pyarrow", "hypothesis"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = examined()
    assert found["parquet"] == Tool(
        Area.EXTRAS,
        "parquet",
        "mesibo-abi run with Parquet",
        State.MISSING,
        detail="pyarrow: not installed",
        install="pip install 'mesibo_abi[parquet]'",
    )
    assert found["hypothesis"].install == "pip install hypothesis"
    assert {"bench", "parquet"} <= {
        tool.name for tool in found.values() if tool.area is Area.EXTRAS
    }
    assert not {"test", "lint"} & set(found)


@pytest.mark.parametrize(
    ("text", "is_debian"),
    [
        ("ID=debian\n", True),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", True),
        ('ID=ubuntu\nID_LIKE="debian"\n', True),
        ("ID=fedora\n", False),
        ("nothing", False),
        (None, False),
    ],
)
def test_systems(debian: Path, text: str | None, is_debian: bool) -> None:
    debian.unlink() if text is None else debian.write_text(text)
    assert installing.is_debian() is is_debian
    assert installing.packages("a b", "c d") == (
        "apt-get install a b"
        if is_debian
        else "install c, d by the package manager of the system, there perhaps under another name "
        "(Fedora: dnf install c d; Debian: apt-get install a b)"
    )
