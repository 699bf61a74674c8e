"""Libraries whose files change while they are loaded, or between two loads."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from mesibo_abi import Host, Inspection, Message, build, elf, faults
from tests.conftest import Built
from tests.running import Ended, run


def answer(host: Host) -> list[str]:
    return [record.text for record in host.process(Message()).logs]


def test_a_library_replaced_on_disk(host: Host, built: Built, tmp_path: Path) -> None:
    path, fresh = tmp_path / "mesibo_mod_answer.so", tmp_path / "fresh"
    for version in range(4):
        shutil.copy(built("answer", f"-DANSWER={version}"), fresh)
        fresh.replace(path)
        host.load("answer", path)
    assert answer(host) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("replace", [True, False], ids=["replaced", "overwritten"])
def test_a_library_changed_between_being_read_and_opened(
    host: Host, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool
) -> None:
    path, fresh = tmp_path / "mesibo_mod_answer.so", tmp_path / "fresh"
    shutil.copyfile(built("answer", "-DANSWER=1"), path)
    inspect = elf.inspect

    def change_after(read: Path) -> Inspection:
        found = inspect(read)
        settle(path)
        shutil.copyfile(built("answer", "-DANSWER=2"), fresh if replace else path)
        if replace:
            fresh.replace(path)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(elf, "inspect", change_after)
        first = host.load("first", path)
    assert answer(host) == ["2"]
    second = host.load("second", path)
    assert answer(host) == ["2", "2"]
    for module in (first, second):
        module.close()
    assert first.kept == (None if replace else faults.WHY_KEPT[faults.Closing.OVERWRITTEN])
    assert second.kept is None


def settle(path: Path) -> None:
    """Until the kernel's clock for files tells another write of it apart: that stands still where
    who moves it does not run."""
    probe = path.with_name("probe")
    probe.touch()
    while probe.stat().st_mtime_ns <= path.stat().st_mtime_ns:
        time.sleep(0.01)
        probe.touch()


def test_a_library_overwritten_in_place(host: Host, built: Built, tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_answer.so"
    for version in ("1", "2"):
        if path.exists():
            settle(path)
        shutil.copyfile(built("answer", f"-DANSWER={version}"), path)
        module = host.load("answer", path)
        assert answer(host) == [version]
        module.close()
        assert module.kept is None


def test_a_library_overwritten_while_it_is_open(built: Built, tmp_path: Path) -> None:
    """The system takes its pages away. It is not to be saved, but the new one can be loaded, and
    to close the old one does not take the host along."""
    program = """
        import os, shutil, sys
        from pathlib import Path
        from mesibo_abi import Host, Message
        one, two, path = sys.argv[1:]
        host = Host()
        shutil.copyfile(one, path)
        old = host.load("old", path)
        later = Path(path).with_name("later")
        later.touch()
        while later.stat().st_mtime_ns <= Path(path).stat().st_mtime_ns:
            later.touch()
        shutil.copyfile(two, path)
        for name in ("new", "newer"):
            host.load(name, path).on_message(Message())
        print([record.text for record in host.logs])
        old.close()
        print(old.kept, flush=True)
        os._exit(0)  # at a usual exit its destructors would run
    """
    path = tmp_path / "mesibo_mod_answer.so"
    ended = run(program, built("answer", "-DANSWER=1"), built("answer", "-DANSWER=2"), path)
    kept = "its file was written over while it was open: replace files, by rename"
    assert (ended.status, ended.output) == (0, f"['2', '2']\n{kept}\n")


def test_a_replaced_library_is_unmapped_again(host: Host, built: Built, tmp_path: Path) -> None:
    path, fresh = tmp_path / "mesibo_mod_answer.so", tmp_path / "fresh"
    for version in range(3):
        shutil.copy(built("answer", f"-DANSWER={version}"), fresh)
        fresh.replace(path)
        host.load("answer", path)
    assert str(tmp_path) in Path("/proc/self/maps").read_text()
    for module in host.modules:
        module.close()
        assert module.kept is None
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()


UNIQUE = """
#include "module.h"
template <class T> struct Kept {
    static int &value() { static int kept = 0; return kept; }
};
MESIBO_EXPORT int mesibo_module_unique_init(mesibo_module_t *mod, mesibo_uint_t len) {
    Kept<int>::value()++;
    return len != sizeof(*mod);
}
"""


@pytest.mark.parametrize(
    ("flags", "stays"), [((), True), (("-fno-gnu-unique",), False)], ids=["unique", "not unique"]
)
def test_cpp_with_unique_symbols_stays_mapped(
    tmp_path: Path, flags: tuple[str, ...], stays: bool
) -> None:
    """In a process of its own: who has such a symbol first is kept for all libraries after it."""
    source = tmp_path / "unique.cpp"
    source.write_text(UNIQUE)
    library = build(source, output=tmp_path, extra_args=flags)
    program = """
        import sys
        from pathlib import Path
        from mesibo_abi import Host, Message
        with Host() as host:
            for _ in range(2):
                host.load("unique", sys.argv[1]).close()
                print(sys.argv[1] in Path("/proc/self/maps").read_text())
            host.load("unique", sys.argv[1])
            print(host.process(Message()).result.name)
    """
    assert run(program, library) == Ended(0, f"{stays}\n{stays}\nPASS\n")
