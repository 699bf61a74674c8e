"""The ends of things: of an interpreter with everything alive, of a module with threads of its own,
of a process that forked."""

from __future__ import annotations

import ctypes
import textwrap
import time
from pathlib import Path

import pytest

from mesibo_abi import Host, Message
from tests.conftest import Built
from tests.running import SILENT, run

# ---- At interpreter exit nothing is printed -----------------------------------------------------

PREPARE = """
import os, sys, threading, time
from mesibo_abi import Host, HttpResponse, Message, Module, Result
echo, chatter, fetch, sleeper, ends = sys.argv[1:]

class Pass(Module):
    def on_message(self, message):
        return Result.PASS

def hang(request):
    import asyncio
    return asyncio.sleep(3600)

def forever(work, *arguments):
    def run():
        while True:
            work(*arguments)
    threading.Thread(target=run, daemon=True).start()
    time.sleep(0.05)

def end():
    with open(ends, "w") as file:
        file.write(str(time.monotonic()))
"""

ENDS = {
    "modules still loaded": """
        host = Host()
        host.load("echo", echo)
        host.load("pass", Pass)
        host.process(Message(to="bob"))
    """,
    "an uncaught host in a function": """
        def main():
            host = Host()
            host.load("echo", echo)
            host.process(Message(to="bob"))
            globals()["kept"] = host.process
        main()
    """,
    "module threads alive": """
        host = Host()
        host.load("chatter", chatter, config={"log": "1"})
        time.sleep(0.05)
    """,
    "module threads in a send handler": """
        host = Host(send=lambda module, message: None)
        host.load("chatter", chatter)
        time.sleep(0.05)
    """,
    "module threads in a log handler": """
        host = Host(log=lambda record: None)
        host.load("chatter", chatter, config={"log": "1"})
        time.sleep(0.05)
    """,
    "module threads of a closed host": """
        with Host(send=lambda module, message: None) as host:
            host.load("chatter", chatter, config={"log": "1"})
            time.sleep(0.05)
    """,
    "requests in flight": """
        host = Host(http=hang)
        host.load("fetch", fetch)
        for number in range(10):
            host.process(Message("http://nowhere/", to=None))
        time.sleep(0.05)
    """,
    "requests to a real server": """
        import socket
        listener = socket.create_server(("127.0.0.1", 0))
        host = Host()
        host.load("fetch", fetch)
        for number in range(10):
            host.process(Message(f"http://127.0.0.1:{listener.getsockname()[1]}/", to=None))
        time.sleep(0.5)
        listener.detach()
    """,
    "requests of a Python module": """
        class Asker(Module):
            def on_message(self, message):
                self.http("http://nowhere/", on_response=self.done)
                return Result.PASS
            def done(self, answer):
                self.send("done", to="bob")
                self.http("http://nowhere/", on_response=self.done)
        host = Host(http=lambda request: HttpResponse(body=b"hello"))
        host.load("asker", Asker)
        for number in range(10):
            host.process(Message())
        time.sleep(0.05)
    """,
    "daemon threads in a native module": """
        host = Host()
        host.load("echo", echo)
        for number in range(4):
            forever(host.process, Message(to="bob"))
    """,
    "daemon threads in a Python module": """
        host = Host()
        host.load("pass", Pass)
        for number in range(4):
            forever(host.process, Message(to="bob"))
    """,
    "daemon threads in a chain of both": """
        host = Host(send=lambda module, message: None)
        host.load("echo", echo)
        host.load("pass", Pass)
        host.load("keeper", echo, hold_gil=True)
        for number in range(4):
            forever(host.process, Message(to="bob"))
    """,
    "daemon threads in thread-safe modules": """
        host = Host()
        host.load("echo", echo, thread_safe=True)
        host.load("pass", Pass, thread_safe=True)
        for number in range(4):
            forever(host.process, Message(to="bob"))
    """,
    "daemon threads in direct calls": """
        host = Host()
        module = host.load("echo", echo)
        script = host.load("pass", Pass)
        for number in range(2):
            forever(module.on_message, Message(to="bob"))
            forever(script.on_message, Message(to="bob"))
            forever(list, host.sent)
    """,
    "a daemon thread deep in a callback": """
        host = Host()
        host.load("sleeper", sleeper)
        forever(host.process, Message("1000"))
    """,
    "daemon threads that load and close": """
        host = Host()
        def work():
            host.load("echo", echo).close()
            host.load("pass", Pass).close()
        for number in range(2):
            forever(work)
    """,
    "a daemon thread that makes hosts": """
        def work():
            with Host() as host:
                host.load("echo", echo)
                host.process(Message(to="bob"))
        forever(work)
    """,
    "everything at once": """
        host = Host(send=lambda module, message: None, http=hang)
        host.load("chatter", chatter, config={"log": "1"})
        host.load("echo", echo)
        host.load("pass", Pass)
        fetching = host.load("fetch", fetch)
        fetching.on_message(Message("http://nowhere/", to=None))
        for number in range(4):
            forever(host.process, Message("http://nowhere/", to=None))
    """,
    "an exit by sys.exit in a callback": """
        class Exit(Module):
            def on_message(self, message):
                sys.exit(0)
        host = Host()
        host.load("echo", echo)
        host.load("exit", Exit)
        host.process(Message(to="bob"))
    """,
}


@pytest.mark.unsanitized(reason="has a bound of seconds: an interpreter takes longer")
@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_printed_at_exit(built: Built, end: str, tmp_path: Path) -> None:
    """Nor does it take as long as what it waits for at most, which is five seconds."""
    body = textwrap.indent(textwrap.dedent(ENDS[end]), "    ")
    program = f"{PREPARE}\ntry:\n{body}\nfinally:\n    end()\n"
    modules = [built(name) for name in ("echo", "chatter", "fetch", "sleeper")]
    ends = tmp_path / "ends"
    assert run(program, *modules, ends) == SILENT
    assert time.monotonic() - float(ends.read_text()) < 5


@pytest.mark.slow
def test_a_callback_that_never_returns_does_not_stop_the_exit(built: Built) -> None:
    """It is waited for a while; then the process ends, and that it was left alone is logged."""
    program = """
        import ctypes, sys, threading, time
        from mesibo_abi import Host, Message
        host = Host()
        host.load("sleeper", sys.argv[1])
        threading.Thread(target=host.process, args=(Message("60000"),), daemon=True).start()
        is_inside = ctypes.CDLL(sys.argv[1]).sleeper_inside
        while not is_inside():
            time.sleep(0.01)
    """
    ended = run(program, built("sleeper"))
    assert ended.status == 0
    assert ended.output == (
        "at exit: module 'sleeper' was not closed\n"
        "  expected the host's lock within 5 s, a callback still has it\n"
        "  hint: callbacks must not block: see what the module waits for\n"
    )


# ---- Threads of a module's own ------------------------------------------------------------------


def refusals(library: Path) -> int:
    """How many sends of its threads were refused."""
    return int(ctypes.CDLL(str(library)).chatter_refused())


def test_threads_of_a_module_while_and_after_it_is_closed(
    host: Host, built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    library = built("chatter")
    caplog.set_level("INFO")
    module = host.load("chatter", library, config={"log": "1"})
    arrived: list[Message] = []
    while len(arrived) <= 8:
        arrived += host.sent
    assert refusals(library) == 0
    module.close()
    reason = "the library makes threads of its own, and nobody can tell when they end"
    assert module.kept == reason
    assert f"module 'chatter' stays mapped: {reason}" in caplog.messages
    assert str(library) in Path("/proc/self/maps").read_text()
    list(host.sent)
    list(host.logs)
    before = refusals(library)
    deadline = time.monotonic() + 60
    while refusals(library) < before + 100 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert refusals(library) >= before + 100
    assert [list(host.sent), list(host.logs)] == [[], []]


@pytest.mark.slow
def test_modules_with_threads_come_and_go(built: Built) -> None:
    """In a process of its own, as their threads stay."""
    program = """
        import sys
        from mesibo_abi import Host, Message
        for handler in (None, lambda module, message: None):
            for number in range(10):
                with Host(send=handler) as host:
                    for load in range(3):
                        host.load("chatter", sys.argv[1], config={"log": "1"})
                    for message in range(20):
                        host.process(Message())
                del host
    """
    assert run(program, built("chatter", "-DPAUSE=0")) == SILENT


def test_a_library_without_threads_is_unmapped(host: Host, built: Built) -> None:
    library = built("echo", "-DUNMAPPED")
    module = host.load("echo", library)
    again = host.load("echo", library)
    module.close()
    assert str(library) in Path("/proc/self/maps").read_text()
    again.close()
    assert str(library) not in Path("/proc/self/maps").read_text()
    assert module.kept is None


# ---- Fork ---------------------------------------------------------------------------------------


def test_a_child_of_fork_refuses_the_hosts_of_its_parent(built: Built) -> None:
    program = """
        import os, sys, traceback
        from mesibo_abi import ForkedError, Host, HttpResponse, Message, Module, Result

        class Life(Module):
            def on_message(self, message):
                self.http("http://nowhere/")
                return Result.PASS

        with Host(http=lambda request: HttpResponse()) as host:
            module = host.load("echo", sys.argv[1])
            life = Life()
            host.load("life", life)
            host.process(Message(to="bob"))
            assert host.wait_idle(60)
            child = os.fork()
            if child == 0:
                calls = [
                    lambda: host.process(Message()),
                    lambda: host.status(Message(), 1),
                    host.call,
                    host.call_status,
                    lambda: host.load("echo", sys.argv[1]),
                    host.wait_idle,
                    host.open_requests,
                    lambda: list(host.sent),
                    lambda: list(host.logs),
                    lambda: host.dropped,
                    lambda: module.on_message(Message()),
                    lambda: life.send("hello", to="bob"),
                    lambda: life.log("hello"),
                    lambda: life.http("http://nowhere/"),
                ]
                for number, call in enumerate(calls):
                    try:
                        call()
                        print("call", number, "was let through")
                    except ForkedError as error:
                        words = str(error)
                module.close()
                host.close()
                del host, module, life
                with Host(http=lambda request: HttpResponse()) as own:
                    own.load("echo", sys.argv[1])
                    own.load("life", Life)
                    assert len(own.process(Message(to="bob")).sent) == 1
                    assert own.wait_idle(60)
                print(words, flush=True)
                sys.exit(0)
            _, status = os.waitpid(child, 0)
            assert status == 0, status
            assert len(host.process(Message(to="bob")).sent) == 1
            assert host.wait_idle(60)
        print("the parent goes on")
    """
    ended = run(program, built("echo"))
    assert ended.output == (
        "the host belongs to the parent of this process\n"
        "  expected the process that made it, this is a child made by fork: the host's threads "
        "and locks stayed behind\n"
        "  hint: make a new Host after the fork\n"
        "the parent goes on\n"
    )
    assert ended.status == 0


@pytest.mark.slow
def test_forks_while_the_host_is_busy(built: Built) -> None:
    program = """
        import os, sys, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks with threads: that is meant
        from mesibo_abi import Host, Message
        host = Host(send=lambda module, message: None)
        host.load("chatter", sys.argv[2], config={"log": "1"})
        host.load("echo", sys.argv[1])
        def work():
            while not stop:
                host.process(Message(to="bob"))
        stop = []
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(30):
            child = os.fork()
            if child == 0:
                with Host() as own:
                    own.load("echo", sys.argv[1])
                    assert len(own.process(Message(to="bob")).sent) == 1
                os._exit(0)
            _, status = os.waitpid(child, 0)
            assert status == 0, status
        stop.append(True)
        for thread in threads:
            thread.join()
        host.close()
    """
    assert run(program, built("echo"), built("chatter")) == SILENT


# ---- Interrupts ---------------------------------------------------------------------------------


def test_wait_idle_hears_signals(built: Built) -> None:
    program = """
        import asyncio, signal, sys, time
        from mesibo_abi import Host, Message

        def give_up(*_):
            raise TimeoutError

        with Host(http=lambda request: asyncio.sleep(3600)) as host:
            host.load("fetch", sys.argv[1])
            host.process(Message("http://nowhere/", to=None))
            signal.signal(signal.SIGALRM, give_up)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            begin = time.monotonic()
            try:
                host.wait_idle()
            except TimeoutError:
                assert time.monotonic() - begin < 10  # of an hour
            else:
                print("it was idle")
    """
    assert run(program, built("fetch")) == SILENT


def test_a_closed_host_has_no_descriptor(built: Built, server: str) -> None:
    """Also while somebody refers to it, and what came after its end can still be taken."""
    program = """
        import os, sys
        from mesibo_abi import Host, Message

        def descriptors():
            return sorted(os.readlink(each.path) for each in os.scandir("/proc/self/fd"))

        def work():
            host = Host()
            host.load("fetch", sys.argv[1])
            host.process(Message(sys.argv[2], to="bob"))
            host.wait_idle()
            host.close()
            return host

        first = work()  # what is imported on the way stays
        before = descriptors()
        hosts = [work() for _ in range(5)]
        after = descriptors()
        if after != before:
            print(before, after)
        for host in hosts:
            host.logs, list(host.sent)
    """
    assert run(program, built("fetch"), server) == SILENT
