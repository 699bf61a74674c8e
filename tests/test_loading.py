"""Libraries that cannot be loaded, and the exact words of each refusal; reloading; guesses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import (
    BuildWarning,
    ConfigWarning,
    Host,
    HttpResponse,
    LoadError,
    Message,
    Module,
    Result,
    StructChanged,
    build,
)
from tests.conftest import SOURCES, Built
from tests.tools import needs

UNTOLD = ("-DMESIBO_ABI_NO_TAG", "-g0", "-s")  # nothing in the library tells its revision


def refused(host: Host, path: Path, **options: Any) -> LoadError:
    """Loads what must be refused, and sees that the host can be used as before."""
    with pytest.raises(LoadError) as caught:
        host.load("module", path, **options)
    assert host.modules == ()
    assert host.process(Message()).result is Result.PASS
    return caught.value


def test_no_such_file(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_none.so"
    error = refused(host, path)
    assert str(error) == (
        f"{path}: no such file\n"
        "  expected a shared library, found: No such file or directory\n"
        "  hint: build it first with `mesibo-abi build`, or give another path"
    )
    assert error.path == path


def test_no_elf_file(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_text.so"
    path.write_text("#include")
    assert str(refused(host, path)) == (
        f"{path}: not an ELF file\n"
        "  expected the bytes 7f 45 4c 46 at its start, found 23 69 6e 63\n"
        "  hint: a module is a shared library: build the source with `mesibo-abi build`"
    )


def test_another_machines(host: Host, built: Built, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_echo.so"
    data = bytearray(built("echo").read_bytes())
    here = {62: "x86-64", 183: "aarch64"}[int.from_bytes(data[18:20], "little")]
    data[18:20] = (21).to_bytes(2, "little")
    path.write_bytes(data)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: compiled for another machine\n"
        f"  expected {here}, 64-bit, little-endian, found ppc64, 64-bit, little-endian\n"
        "  hint: compile it with a compiler for this machine"
    )


@needs("aarch64-linux-gnu-gcc")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="needs a machine that is no aarch64")
def test_a_library_of_the_cross_compiler(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_minimal.so"
    source = tmp_path / "minimal.c"  # without a header: that would need the libc of that machine
    source.write_text("int mesibo_module_minimal_init(void *mod, unsigned long n) { return 0; }")
    command = ["aarch64-linux-gnu-gcc", "-shared", "-fPIC", "-nostdlib", "-o", str(path)]
    subprocess.run([*command, str(source)], check=True)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: compiled for another machine\n"
        "  expected x86-64, 64-bit, little-endian, found aarch64, 64-bit, little-endian\n"
        "  hint: compile it with a compiler for this machine"
    )


def test_no_entry_point(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_no_entry.so"
    with pytest.warns(BuildWarning, match="no entry point"):
        build(SOURCES / "no_entry.c", output=path)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: no entry point\n"
        "  expected mesibo_module_no_entry_init, found none among 1 exported symbols\n"
        "  hint: define it: MESIBO_EXPORT int mesibo_module_no_entry_init(...), not static"
    )


def test_a_mangled_entry_point(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_mangled.so"
    with pytest.warns(BuildWarning, match="C\\+\\+ name"):
        build(SOURCES / "mangled.cpp", output=path)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: the entry point has a C++ name\n"
        "  expected mesibo_module_mangled_init, "
        "found _Z26mesibo_module_mangled_initP15mesibo_module_sm\n"
        "  hint: put MESIBO_EXPORT before its definition: that gives it C linkage"
    )


def test_several_entry_points(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_two_entries.so"
    with pytest.warns(BuildWarning, match="does not match"):
        build(SOURCES / "two_entries.c", output=path)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}: the entry point's name does not match the "
        "file's\n"
        "  expected mesibo_module_two_entries_init, "
        "found mesibo_module_left_init, mesibo_module_right_init\n"
        "  hint: rename the function or the file, or load it with entry_point="
    )
    module = host.load("right", path, entry_point="mesibo_module_right_init")
    assert module.declared_name == "right"


def test_an_entry_point_that_is_not_there(host: Host, built: Built) -> None:
    path = built("echo")
    error = str(refused(host, path, entry_point="mesibo_module_other_init"))
    assert error == (
        f"cannot load module 'module' from {path}\n"
        "  expected the symbol mesibo_module_other_init, the dynamic linker says: "
        f"{path}: undefined symbol: mesibo_module_other_init\n"
        "  hint: define it with C linkage, or name another with entry_point="
    )


def test_a_missing_symbol(host: Host, built: Built) -> None:
    path = built("missing_symbol")
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}\n"
        "  expected every symbol to be defined, spell_checker_open is not: "
        f"{path}: undefined symbol: spell_checker_open\n"
        "  hint: link the library that defines it (-l...), or compile the source that does; "
        "doc2019 modules reach host functions through the module struct"
    )


def test_a_missing_library(host: Host, tmp_path: Path) -> None:
    helper = tmp_path / "libhelper.so"
    build(SOURCES / "minimal.c", name="minimal", output=tmp_path)
    shutil.copy(tmp_path / "mesibo_mod_minimal.so", helper)
    path = build(
        SOURCES / "echo.c",
        output=tmp_path / "mesibo_mod_echo.so",
        extra_args=["-Wl,--no-as-needed", f"-L{tmp_path}", "-lhelper"],
    )
    helper.unlink()
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}\n"
        "  expected a library that the dynamic linker opens, it says: libhelper.so: "
        "cannot open shared object file: No such file or directory\n"
        "  hint: build it for this machine, and see that the libraries it needs are installed "
        "(ldd)"
    )


# ---- The init -----------------------------------------------------------------------------------


def test_an_init_that_refuses(host: Host, built: Built) -> None:
    path = built("refuse")
    error = refused(host, path)
    assert str(error) == (
        f"cannot load module 'module' from {path}\n"
        "  expected mesibo_module_refuse_init to return 0, it returned -7\n"
        "  hint: an init refuses when version, signature or size are not those it was compiled "
        "for: compile it against include/doc2019/module.h, and read what it logged\n"
        "  it logged: no licence for this host\n"
        "  it logged: ask for 42"
    )
    assert [(record.module, record.text) for record in error.logs] == [
        ("module", "no licence for this host"),
        ("module", "ask for 42"),
    ]
    assert [record.text for record in host.logs] == ["no licence for this host", "ask for 42"]


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("-DLEN=104", "size mismatch: expected 104, found 96"),
        ("-DSIGNATURE=7", f"signature mismatch: expected 7, found {0xAA55773388FF1100}"),
        ("-DVERSION=2", "version mismatch: expected 2, found 1"),
    ],
)
def test_an_init_made_for_another_host(host: Host, built: Built, option: str, line: str) -> None:
    error = refused(host, built("strict", option))
    assert "to return 0, it returned -1\n  hint: an init refuses" in str(error)
    assert str(error).endswith(f"\n  it logged: {line}")


def test_an_init_that_finds_what_it_was_made_for(host: Host, built: Built) -> None:
    assert host.load("strict", built("strict")).declared_name is None


WORDS = {
    "version": (0, 1, 2, "`version` is the host's: compare it, never assign it"),
    "signature": (
        64,
        0xAA55773388FF1100,
        0x1111111111111111,
        "`signature` is the host's: compare it, never assign it",
    ),
    "send_message": (72, None, 0x1111111111111111, None),
    "http": (80, None, 0x1111111111111111, None),
    "log": (88, None, 0x1111111111111111, None),
    **{
        f"behind {offset - 96}": (
            offset,
            0x5AFE5AFE0DDBA115,
            0x1111111111111111,
            "the module wrote past the end of mesibo_module_t: compile it against this revision's "
            "header, and check what it copies into the struct",
        )
        # 168 and 184: where the SDK's structs, which are larger, have `invoke`.
        for offset in (96, 112, 168, 184, 312)
    },
}
FUNCTION_HINT = "host functions in the struct are the host's: call them, never assign them"


def assert_damage(text: str, field: str) -> None:
    offset, expected, found, hint = WORDS[field]
    where = "behind the struct" if field.startswith("behind") else field
    damage, _, rest = text.partition("\n")
    before, _, after = damage.partition(" at byte ")
    assert expected is None or before == f"expected {expected:#x}"
    assert before.startswith("expected 0x")
    assert after == f"{offset} ({where}), found {found:#x}"
    assert rest == f"  hint: {hint or FUNCTION_HINT}"


@pytest.mark.parametrize("field", WORDS)
def test_an_init_that_overwrites_what_is_the_hosts(host: Host, built: Built, field: str) -> None:
    path = built("overwrite", f'-DINIT="{field}"')
    first, _, rest = str(refused(host, path)).partition("\n")
    assert first == f"cannot load module 'module' from {path}"
    assert rest.startswith("  after mesibo_module_overwrite_init: ")
    assert_damage(rest.removeprefix("  after mesibo_module_overwrite_init: "), field)


@pytest.mark.parametrize("field", WORDS)
def test_a_callback_that_overwrites_what_is_the_hosts(host: Host, built: Built, field: str) -> None:
    module = host.load("module", built("overwrite"))
    verdict = host.process(Message(field))
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert isinstance(verdict.error, StructChanged)
    first, _, rest = str(verdict.error).partition("\n")
    assert first == "module 'module' overwrote its struct in on_message"
    assert_damage(rest.removeprefix("  "), field)
    module.close()
    assert host.process(Message(field)).result is Result.PASS


def test_a_request_that_overwrites_what_is_the_hosts(built: Built) -> None:
    with Host(http=lambda request: HttpResponse()) as host:
        module = host.load("late", built("late_overwrite"))
        host.process(Message("http://nowhere/"))
        assert host.wait_idle(10)
        (line,) = host.logs
        assert line.text == (
            "overwrote its struct in a callback of a request: expected 0xaa55773388ff1100 at "
            "byte 64 (signature), found 0x1"
        )
        error = host.process(Message()).error
        assert str(error).startswith(
            "module 'late' overwrote its struct in a callback of a request\n"
        )
        module.close()  # which has nothing new to say


def test_a_cleanup_that_overwrites_what_is_the_hosts(host: Host, built: Built) -> None:
    module = host.load("late", built("late_overwrite", "-DCLEANUP"))
    with pytest.raises(StructChanged) as caught:
        module.close()
    assert str(caught.value).startswith("module 'late' overwrote its struct in cleanup\n")
    assert module.closed
    assert host.modules == ()


def test_a_configuration_that_is_none(host: Host, built: Built) -> None:
    config: Any = {"log": 1}
    with pytest.raises(TypeError) as caught:
        host.load("echo", built("echo"), config=config)
    assert str(caught.value) == (
        "the configuration of module 'echo' cannot be used: expected a mapping of str to str, got "
        "{'log': 1}; write numbers as text"
    )
    assert host.load("echo", built("echo")).name == "echo"


def test_a_callback_that_is_no_code(host: Host, built: Built) -> None:
    path = built("bad_slot")
    first, detail, hint = str(refused(host, path)).split("\n")
    assert first == f"cannot load module 'module' from {path}"
    start, _, address = detail.partition(", found 0x")
    assert start == "  expected the callback `on_call` (byte 48) to point at code"
    assert address.endswith(", where there is none")
    assert hint == "  hint: set mod->on_call to a function of the module, or leave it NULL"


# ---- The revision -------------------------------------------------------------------------------


def test_a_revision_that_nobody_knows(host: Host, built: Built) -> None:
    path = built("echo")
    assert str(refused(host, path, revision="doc2031")) == (
        f"cannot load module 'module' from {path}: of a revision that this host does not load\n"
        "  expected doc2019, sdk2019, sdk2020, found doc2031 (told by the caller)\n"
        "  hint: compile it against a header of doc2019, sdk2019, sdk2020"
    )


def test_a_revision_that_is_told(host: Host, built: Built) -> None:
    assert host.load("told", built("echo"), revision="doc2019").revision == "doc2019"


def test_a_guessed_revision(host: Host, built: Built) -> None:
    host.load("echo", built("echo", *UNTOLD))
    assert len(host.process(Message(to="bob")).sent) == 1


def test_a_guess_that_crashes(host: Host, built: Built, capfd: pytest.CaptureFixture[str]) -> None:
    path = built("crash_init", *UNTOLD)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}\n"
        "  expected mesibo_module_crash_init_init to return when it is called as doc2019 says; "
        "tried in a child process, it ended with SIGSEGV\n"
        "  hint: nothing in the library says that it is doc2019: give the revision that it was "
        "compiled for with revision=, or compile it against a header of mesibo_abi"
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_guess_that_never_returns(host: Host, built: Built) -> None:
    path = built("hang_init", *UNTOLD)
    assert "; tried in a child process, it did not return in time\n" in str(refused(host, path))


def test_a_guess_under_a_storm_of_signals(host: Host, built: Built) -> None:
    """A signal is neither a crash of the child nor the end of its time."""
    path = built("echo", *UNTOLD)
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for number in range(50):
            host.load(f"echo{number}", path).close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_guess_that_refuses_says_why_once(host: Host, built: Built) -> None:
    error = refused(host, built("refuse", *UNTOLD))
    assert [record.text for record in error.logs] == ["no licence for this host", "ask for 42"]


# ---- Names and targets --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_is_none(host: Host, built: Built, name: str) -> None:
    with pytest.raises(LoadError) as caught:
        host.load(name, built("echo"))
    assert str(caught.value) == (
        f"{name!r} is not the name of a module\n"
        "  expected text without a NUL, that is not empty\n"
        "  hint: pass a name such as 'filter'"
    )


def test_what_is_no_name(host: Host, built: Built) -> None:
    wrong: Any
    for wrong, target in ((3, None), (None, None), (3, built("echo")), (b"echo", built("echo"))):
        with pytest.raises(LoadError) as caught:
            host.load(wrong, target)
        assert str(caught.value) == (
            f"{wrong!r} is not the name of a module\n"
            "  expected text without a NUL, that is not empty\n"
            "  hint: pass a name such as 'filter'"
        )


def test_what_is_no_entry_point(host: Host, built: Built) -> None:
    wrong: Any = 3
    with pytest.raises(TypeError) as caught:
        host.load("echo", built("echo"), entry_point=wrong)
    assert str(caught.value) == (
        "the entry_point= of module 'echo' is of the wrong type: expected str or None, got 3; pass "
        "the name of the symbol"
    )
    assert host.load("echo", built("echo")).name == "echo"


def test_any_other_name_will_do(host: Host, built: Built) -> None:
    for name in ("é", "mod/ule", "a b", "x" * 5000):
        assert host.load(name, built("echo")).name == name
    assert [message.module for message in host.process(Message(to="bob")).sent] == [
        module.name for module in host.modules
    ]


def test_items_that_a_module_cannot_get(host: Host, built: Built) -> None:
    with pytest.warns(ConfigWarning) as caught:
        host.load("echo", built("echo"), config={"log": "1", "words": "a", "limit": "b"})
    assert str(caught[0].message) == (
        "module 'echo' does not get its items words, limit: expected only `log`, a doc2019 "
        "module has no way to receive the others; take them out"
    )
    assert caught[0].filename == __file__


def test_many_threads_load_at_once(host: Host, built: Built) -> None:
    def load() -> None:
        for _ in range(20):
            host.load("echo", built("echo"))

    built("echo")
    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({module.name for module in host.modules}) == 160
    assert len(host.process(Message(to="bob")).sent) == 160


def test_a_host_that_closes_while_others_load(built: Built) -> None:
    path = built("echo")

    def load(host: Host) -> None:
        while True:
            try:
                host.load("echo", path)
            except Exception as error:
                errors.append(type(error).__name__)
                return

    errors: list[str] = []
    for _ in range(10):
        with Host() as host:
            threads = [threading.Thread(target=load, args=(host,)) for _ in range(2)]
            for thread in threads:
                thread.start()
            time.sleep(0.005)
        for thread in threads:
            thread.join()
        assert host.modules == ()
    assert set(errors) <= {"ClosedError", "LoadError"}


class Loader(Module):
    """Loads another module from its init."""

    path: Path

    def init(self) -> None:
        assert self._loaded is not None
        self._loaded.host.load("inner", self.path)

    def on_message(self, message: Message) -> Result:
        return Result.PASS


def test_a_module_loaded_by_the_init_of_another(host: Host, built: Built) -> None:
    Loader.path = built("echo")
    host.load("outer", Loader)
    assert [module.name for module in host.modules] == ["inner", "outer"]


def test_paths_of_all_kinds(
    host: Host, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "é ü"
    folder.mkdir()
    path = folder / "mesibo_mod_echo.so"
    shutil.copy(built("echo"), path)
    monkeypatch.chdir(folder)
    for target in (path, str(path), path.name, os.path.relpath(path)):
        assert host.load("echo", target).path == path
    assert len(host.process(Message(to="bob")).sent) == 4
