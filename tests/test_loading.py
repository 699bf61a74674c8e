"""Names, targets and configurations of modules; loads by many threads, and inside of each other."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import ConfigWarning, Host, LoadError, Message, Module, Result
from tests.conftest import Built
from tests.running import Ended, run


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


def test_threads_that_load_and_close_while_garbage_is_collected(built: Built) -> None:
    """Collecting garbage lets other threads run, in places where nobody thinks of it."""
    program = """
        import gc, os, sys, threading, time
        from mesibo_abi import Host

        path = os.path.relpath(sys.argv[1])  # makes more, to collect, than one that is absolute

        class Thing:
            pass

        kept = []

        def collecting(phase, info):
            if phase == "start":
                time.sleep(0.0003)  # others have their turn
            else:
                kept.extend(Thing() for _ in range(50))  # the next one is a reason to collect

        def come_and_go(host):
            for _ in range(5):
                modules = [host.load("echo", path) for _ in range(15)]
                assert set(modules) <= set(host.modules)
                for module in modules:
                    kept.append(Thing())
                    module.close()

        for _ in range(8):
            with Host() as host:
                threads = [threading.Thread(target=come_and_go, args=(host,)) for _ in range(3)]
                gc.callbacks.append(collecting)
                gc.set_threshold(1)
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                gc.callbacks.clear()
                gc.set_threshold(700)
                print(len(host.modules))
    """
    assert run(program, built("echo")) == Ended(0, "0\n" * 8)


def test_an_interrupt_behind_a_load_leaves_nothing(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Host._load

    def interrupted(host: Host, *args: Any, **options: Any) -> None:
        load(host, *args, **options)
        raise KeyboardInterrupt

    with Host() as host:
        with monkeypatch.context() as changed:
            changed.setattr(Host, "_load", interrupted)
            with pytest.raises(KeyboardInterrupt):
                host.load("echo", built("echo"))
        assert host.modules == ()
        assert host.load("echo", built("echo")).name == "echo"


def test_nothing_is_imported_to_load_a_library(built: Built) -> None:
    """It would wait for the GIL again and again where other threads are busy."""
    program = """
        import sys
        from mesibo_abi import Host
        with Host() as host:
            before = {*sys.modules}
            host.load("echo", sys.argv[1])
            print(sorted({*sys.modules} - before))
    """
    assert run(program, built("echo")) == Ended(0, "[]\n")


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


def test_a_configuration_that_is_none(host: Host, built: Built) -> None:
    config: Any = {"log": 1}
    with pytest.raises(TypeError) as caught:
        host.load("echo", built("echo"), config=config)
    assert str(caught.value) == (
        "the configuration of module 'echo' cannot be used: expected a mapping of str to str, got "
        "{'log': 1}; write numbers as text"
    )
    assert host.load("echo", built("echo")).name == "echo"
