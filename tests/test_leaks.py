"""Nothing grows: not with messages, not with loads, not with hosts. Slopes, not single deltas."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mesibo_abi import Host, HttpResponse, LoadError, Message, Module, Result
from tests.conftest import Built
from tests.slopes import growth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BYTE = {"heap": 1, "resident": 1, "mappings": 0.0001, "descriptors": 0.0001}
"""For a message: less than one byte. Whatever leaks, leaks more."""
LOAD = {"heap": 16, "resident": 64, "mappings": 0.001, "descriptors": 0.001}
"""For what takes longer and is done less often: less than the smallest block there is (16 bytes);
resident memory comes in pages, so that the bound is what a page is for a window."""


def assert_flat(work: Callable[[int], object], count: int, most: dict[str, float]) -> None:
    """A leak grows whenever it is looked for; what allocators keep for threads does not. So what
    grew too much is looked at again, twice at most."""
    for _ in range(3):
        found = growth(work, count)
        too_much = {name: value for name, value in found.items() if value >= most[name]}
        if not too_much:
            return
    assert too_much == {}


def test_a_leak_is_seen() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    kept: list[int] = []
    with pytest.raises(AssertionError):
        assert_flat(lambda count: kept.extend(libc.malloc(24) for _ in range(count)), 20_000, BYTE)
    for block in kept:
        libc.free(block)


def test_a_million_messages(built: Built) -> None:
    with Host() as host:
        host.load("echo", built("echo"))
        message = Message("hello", to="bob", from_="alice", id=7)

        def work(count: int) -> None:
            process = host.process
            for _ in range(count):
                process(message)

        assert_flat(work, 1_000_000, BYTE)


class Answer(Module):
    def on_message(self, message: Message) -> Result:
        self.send(message.payload, to=message.from_)
        self.log("answered")
        return Result.PASS


class Raise(Module):
    def on_message(self, message: Message) -> Result:
        raise ValueError("broken")


def test_messages_through_python_and_all_kinds_of_failures(built: Built) -> None:
    with Host(on_failure="pass") as host:
        host.load("answer", Answer)
        host.load("raise", Raise)
        host.load("result", built("result", "-DCODE=2"))
        host.load("logs", built("logs"))
        host.load("bad_sends", built("bad_sends"))
        message = Message("2", to="bob", from_="alice")

        def work(count: int) -> None:
            for _ in range(count):
                assert host.process(message).error is not None
                host.status(message, 1)
                host.call()

        assert_flat(work, 20_000, LOAD)


def test_mail_outside_of_passes(built: Built) -> None:
    with Host() as host:
        module = host.load("echo", built("echo"))
        talker = host.load("answer", built("answer", "-DANSWER=42"))
        message = Message("hello", to="bob")

        def work(count: int) -> None:
            for _ in range(count // 100):
                for _ in range(100):
                    module.on_message(message)
                    talker.on_message(message)
                assert sum(1 for _ in host.sent) == 100
                assert sum(1 for _ in host.logs) == 100

        assert_flat(work, 100_000, LOAD)


def test_handlers(built: Built) -> None:
    with Host(send=lambda module, message: None, log=lambda record: None) as host:
        host.load("echo", built("echo"))
        host.load("answer", built("answer", "-DANSWER=42"))
        message = Message("hello", to="bob")
        assert_flat(lambda count: [host.process(message) for _ in range(count)], 100_000, LOAD)


def test_requests(built: Built) -> None:
    with Host(http=lambda request: HttpResponse(body=b"hello")) as host:
        host.load("fetch", built("fetch"))

        def work(count: int) -> None:
            for _ in range(count):
                host.process(Message("http://nowhere/", to=None))
            assert host.wait_idle(30)
            assert sum(1 for _ in host.sent) == count

        assert_flat(work, 10_000, LOAD)


def test_ten_thousand_loads_of_a_native_module(built: Built) -> None:
    path = built("farewell")
    with Host() as host:

        def work(count: int) -> None:
            for _ in range(count):
                host.load("farewell", path).close()
            list(host.logs)
            list(host.sent)

        assert_flat(work, 10_000, LOAD)


def test_loads_of_all_other_kinds(built: Built) -> None:
    refuse, missing = built("refuse"), built("missing_symbol")
    overwrite = built("overwrite", '-DINIT="log"')
    with Host() as host:

        def work(count: int) -> None:
            for _ in range(count):
                host.load("answer", Answer).close()
                for path in (refuse, missing, overwrite):
                    with pytest.raises(LoadError):
                        host.load("refused", path)
            list(host.logs)

        assert_flat(work, 3_000, LOAD)


def test_loads_of_scripts(tmp_path: Path) -> None:
    """With a global that shows, a neighbour that is imported, and those that are refused."""
    (tmp_path / "words.py").write_text("import mesibo_abi\ntext = 'x' * 20_000\n")
    good, refusing, broken = (tmp_path / f"{name}.py" for name in ("good", "refusing", "broken"))
    body = "import words\nfrom mesibo_abi import Module\ntext = 'x' * 100_000\n"
    good.write_text(body + "class Good(Module): pass\n")
    refusing.write_text(body + "class Refusing(Module):\n    def init(self): return 1\n")
    broken.write_text(body + "1/0\n")
    with Host() as host:

        def work(count: int) -> None:
            for _ in range(count):
                host.load("good", good).close()
                for path in (refusing, broken):
                    with pytest.raises(LoadError):
                        host.load("refused", path)
            list(host.logs)

        assert_flat(work, 600, LOAD)


def test_hosts(built: Built) -> None:
    echo = built("echo")

    def work(count: int) -> None:
        for _ in range(count):
            with Host() as host:
                host.load("echo", echo)
                host.process(Message(to="bob"))

    assert_flat(work, 5_000, LOAD)


def test_hosts_with_requests_and_threads() -> None:
    class Asker(Module):
        def on_message(self, message: Message) -> Result:
            self.http("http://nowhere/", on_response=lambda answer: None)
            return Result.PASS

    def work(count: int) -> None:
        for _ in range(count):
            with Host(http=lambda request: HttpResponse()) as host:
                host.load("asker", Asker)
                host.process(Message())
        assert threading.active_count() < 10

    # A thread's stack is cached and a loop is large: what counts is that it is the same ones.
    assert_flat(work, 300, {"heap": 256, "resident": 4096, "mappings": 0.1, "descriptors": 0.1})


def test_threads_of_modules_that_come_up_to_python(built: Built) -> None:
    with Host(send=lambda module, message: None) as host:
        host.load("twice", built("twice"))
        message = Message()

        def work(count: int) -> None:
            for _ in range(count):
                host.process(message)

        assert_flat(work, 5_000, LOAD)
