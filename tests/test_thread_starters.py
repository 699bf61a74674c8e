"""Which libraries may start threads, and that the process outlives the close of those that do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mesibo_abi import build, inspect
from mesibo_abi.elf_needs import read_needs
from mesibo_abi.libraries import read
from mesibo_abi.thread_starters import may_start_threads, starts_threads
from tests.conftest import Built
from tests.libraries import ENTRY, Compile, compiler_in, imports
from tests.running import SILENT, run
from tests.tools import needs

pytestmark = needs("cc")

MODULES = Path(__file__).parent / "modules"
NEW, OLD = "-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"
LINK = ("-L.", "-Wl,--no-as-needed")


@pytest.fixture
def compile_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compile:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    return compiler_in(tmp_path)


# ---- What starts threads ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "symbol",
    [
        "pthread_create",
        "thrd_create",
        "clone",
        "__clone",
        "clone3",
        "timer_create",
        "mq_notify",
        "getaddrinfo_a",
        "aio_read",
        "aio_write64",
        "aio_fsync",
        "lio_listio",
        "lio_listio64",
        "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
        "_ZNSt6thread15_M_start_threadESt10shared_ptrINS_10_Impl_baseEE",
    ],
)
def test_a_function_that_starts_threads(compile_c: Compile, symbol: str) -> None:
    assert starts_threads(["memcpy", symbol])
    assert inspect(compile_c(imports(symbol))).starts_threads


@pytest.mark.parametrize("symbol", ["pthread_join", "timer_settime", "aio_error", "thrd_current"])
def test_a_function_that_starts_none(compile_c: Compile, symbol: str) -> None:
    assert not starts_threads([symbol])
    assert not inspect(compile_c(imports(symbol))).starts_threads


# ---- In the libraries that it needs -------------------------------------------------------------


def helper(compile_c: Compile, text: str, *arguments: str, file: str = "libhelper.so") -> Path:
    return compile_c(text, f"-Wl,-soname,{file}", *arguments, file=file)


STARTS = imports("pthread_create").replace(ENTRY, "").replace("mesibo_module_m_init", "help_m")
HARMLESS = "int help_m(void) { return 0; }\n"


@pytest.mark.parametrize(("text", "expected"), [(STARTS, True), (HARMLESS, False)])
@pytest.mark.parametrize(
    "arguments",
    [
        (NEW, "-Wl,-rpath,$ORIGIN"),
        (OLD, "-Wl,-rpath,${ORIGIN}"),
        (NEW, "-Wl,-rpath,/no/where:$ORIGIN/../{folder}"),
        (NEW, "-Wl,-rpath,{absolute}"),
    ],
)
def test_a_library_found_by_its_search_path(
    compile_c: Compile, tmp_path: Path, text: str, expected: bool, arguments: tuple[str, ...]
) -> None:
    helper(compile_c, text)
    given = [
        word.replace("{folder}", tmp_path.name).replace("{absolute}", str(tmp_path))
        for word in arguments
    ]
    module = compile_c(ENTRY, *LINK, *given, "-lhelper")
    assert inspect(module).starts_threads is expected


@pytest.mark.parametrize(("text", "expected"), [(STARTS, True), (HARMLESS, False)])
def test_a_library_found_by_the_environment(
    compile_c: Compile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    expected: bool,
) -> None:
    helper(compile_c, text)
    module = compile_c(ENTRY, *LINK, "-lhelper")
    assert inspect(module).starts_threads  # not found yet
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/no/where:{tmp_path}")
    assert inspect(module).starts_threads is expected


def test_a_library_needed_by_its_path(compile_c: Compile, tmp_path: Path) -> None:
    path = compile_c(HARMLESS, file="libhelper.so")  # without a soname
    module = compile_c(ENTRY, "-Wl,--no-as-needed", str(path))
    assert inspect(module).needed[0] == str(path)
    assert not inspect(module).starts_threads
    compile_c(STARTS, file="libhelper.so")
    assert inspect(module).starts_threads


@pytest.mark.parametrize(("dtags", "expected"), [(OLD, False), (NEW, True)])
def test_only_an_rpath_is_for_what_they_need_in_turn(
    compile_c: Compile, dtags: str, expected: bool
) -> None:
    """With a runpath the dynamic linker would not find the inner one either."""
    helper(compile_c, HARMLESS, file="libinner.so")
    helper(compile_c, "int outer;\n", *LINK, "-linner")
    module = compile_c(ENTRY, *LINK, dtags, "-Wl,-rpath,$ORIGIN", "-lhelper", "-Wl,-rpath-link,.")
    assert inspect(module).starts_threads is expected


def test_two_that_need_each_other(compile_c: Compile) -> None:
    helper(compile_c, "int a;\n", file="libother.so")
    helper(compile_c, "int b;\n", *LINK, "-Wl,-rpath,$ORIGIN", "-lother")
    helper(compile_c, "int a;\n", *LINK, "-Wl,-rpath,$ORIGIN", "-lhelper", file="libother.so")
    module = compile_c(ENTRY, *LINK, "-Wl,-rpath,$ORIGIN", "-lhelper")
    assert not inspect(module).starts_threads


def test_a_library_that_is_none_may_do_anything(compile_c: Compile) -> None:
    library = helper(compile_c, HARMLESS)
    module = compile_c(ENTRY, *LINK, "-Wl,-rpath,$ORIGIN", "-lhelper")
    assert not inspect(module).starts_threads
    library.write_bytes(library.read_bytes()[:2000])
    assert read_needs(library) is None
    assert inspect(module).starts_threads
    library.write_text("INPUT(libc.so)\n")
    assert inspect(module).starts_threads


def test_those_of_the_system(compile_c: Compile) -> None:
    module = compile_c(ENTRY, "-Wl,--no-as-needed", "-lm", "-ldl", "-lpthread", "-lrt", "-lresolv")
    assert not inspect(module).starts_threads


@needs("c++")
def test_those_of_cpp(compile_c: Compile) -> None:
    text = "#include <string>\nstd::string f() { return std::string(9, 'x'); }\n"
    module = compile_c(text, "-Wl,--no-as-needed", "-latomic", cc="c++")
    assert "libatomic.so.1" in inspect(module).needed
    assert not inspect(module).starts_threads


@pytest.mark.parametrize("library", ["libz.so.1", "libgomp.so.1"])
def test_others_are_found_where_the_system_has_them(compile_c: Compile, library: str) -> None:
    """zlib starts none, the library of OpenMP does."""
    module = compile_c(ENTRY, "-Wl,--no-as-needed", f"-l:{library}")
    assert inspect(module).starts_threads is (library == "libgomp.so.1")


def test_a_library_replaced_between_two_loads(compile_c: Compile) -> None:
    helper(compile_c, HARMLESS)
    module = compile_c(ENTRY, *LINK, "-Wl,-rpath,$ORIGIN", "-lhelper")
    assert not read(module).starts_threads
    helper(compile_c, STARTS)
    assert read(module).starts_threads
    assert not may_start_threads(compile_c(ENTRY))


# ---- Real ones, closed while their threads run --------------------------------------------------

CLOSED = """
    import sys, time
    from mesibo_abi import Host

    with Host() as host:
        module = host.load(sys.argv[1], sys.argv[2], config={"log": "1"})
        for _ in range(3):
            while not list(host.logs):
                time.sleep(0.001)
        module.close()
        assert module.kept.startswith("the library makes threads of its own"), module.kept
    time.sleep(0.1)  # a hundred more, in code that must still be there
"""


def test_a_timer_that_runs_on(built: Built) -> None:
    assert run(CLOSED, "timer", built("timer")) == SILENT


def test_a_thread_of_a_library_that_runs_on(tmp_path: Path) -> None:
    library = tmp_path / "libticker.so"
    source = MODULES / "helper" / "ticker.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-lpthread"], check=True)
    module = build(
        MODULES / "helped.c",
        output=tmp_path,
        extra_args=[f"-L{tmp_path}", "-lticker", "-Wl,-rpath,$ORIGIN"],
    )
    assert "pthread_create" not in inspect(module).undefined
    assert run(CLOSED, "helped", module) == SILENT
