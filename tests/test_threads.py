"""Many threads, Python's and the modules' own, through one chain; and none of them for ever."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mesibo_abi import (
    Host,
    HttpRequest,
    HttpResponse,
    LoadedModule,
    LogRecord,
    Message,
    Module,
    Result,
    Verdict,
)
from tests.conftest import Built
from tests.services.recorder import wait_until
from tests.sleeping import is_inside

pytestmark = pytest.mark.timeout(60)


def at_once(count: int, work: Callable[[int], object]) -> None:
    """`work(0)` to `work(count - 1)`, each on a thread of its own; raises what they raise. None
    begins before all are there."""
    begin = threading.Barrier(count)

    def run(number: int) -> None:
        begin.wait(60)
        work(number)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(run, number) for number in range(count)]:
            done.result()


class Pass(Module):
    def on_message(self, message: Message) -> Result:
        return Result.PASS


@pytest.mark.parametrize("python", [False, True], ids=["native", "native and Python"])
def test_eight_python_threads_and_eight_native_ones(built: Built, python: bool) -> None:
    with Host() as host:
        burst = host.load("burst", built("burst"))
        host.load("echo", built("echo"))
        if python:
            host.load("pass", Pass)
        host.call()
        sent: Counter[tuple[int, int]] = Counter()

        def process(thread: int) -> None:
            for number in range(500):
                message = Message(bytes([thread]), to="bob", refid=thread, id=number)
                verdict = host.process(message)
                assert verdict.sent == [message.replace(module="echo")]
                sent[thread, number] += 1

        at_once(8, process)
        host.call_status()
        assert len(sent) == 8 * 500
        later = list(host.sent)
        assert {message.module for message in later} == {burst.name}
        numbers = Counter(message.groupid for message in later)
        assert numbers == dict.fromkeys(range(1, 9), 1000)
        for group in range(1, 9):  # and those of one thread in their order
            own = [message.id for message in later if message.groupid == group]
            assert own == sorted(own)


def test_eight_native_threads_into_a_python_handler(built: Built) -> None:
    got: list[Message] = []
    with Host(send=lambda module, message: got.append(message)) as host:
        host.load("burst", built("burst"))
        host.call()
        at_once(8, lambda _: [host.process(Message()) for _ in range(200)])
        host.call_status()
    assert len(got) == 8000


# ---- How many at once ---------------------------------------------------------------------------


def crowd(host: Host) -> int:
    """How many threads were in the module at once."""
    at_once(8, lambda _: [host.process(Message()) for _ in range(10)])
    (record,) = host.call().logs
    return int(record.text)


def test_never_two_at_once(host: Host, built: Built) -> None:
    host.load("crowd", built("crowd"))
    assert crowd(host) == 1


def test_a_thread_safe_module_is_entered_by_several(host: Host, built: Built) -> None:
    host.load("crowd", built("crowd"), thread_safe=True)
    assert crowd(host) > 4


def test_with_hold_gil_never_two_at_once(host: Host, built: Built) -> None:
    host.load("crowd", built("crowd"), hold_gil=True)
    assert crowd(host) == 1


def test_one_that_is_not_thread_safe_serialises_the_chain(host: Host, built: Built) -> None:
    host.load("crowd", built("crowd"), thread_safe=True)
    host.load("echo", built("echo"))
    assert crowd(host) == 1


def test_a_callback_keeps_no_python_thread_waiting(host: Host, built: Built) -> None:
    library = built("sleeper")
    host.load("sleeper", library)
    assert ticks_during(lambda: host.process(Message("1000")), library) > 0


def test_with_hold_gil_it_does(host: Host, built: Built) -> None:
    library = built("sleeper")
    host.load("sleeper", library, hold_gil=True)
    assert ticks_during(lambda: host.process(Message("300")), library) == 0


def ticks_during(call: Callable[[], object], library: Path) -> int:
    """How often another Python thread ran while this one was inside the sleeper."""
    ticks = 0
    begun, stop = threading.Event(), threading.Event()

    def tick() -> None:
        nonlocal ticks
        begun.set()
        while not stop.is_set():
            ticks += is_inside(library)
            time.sleep(0.01)

    thread = threading.Thread(target=tick)
    thread.start()
    assert begun.wait(60)
    call()
    stop.set()
    thread.join()
    return ticks


def test_with_hold_gil_a_busy_lock_is_waited_for_without_it(host: Host, built: Built) -> None:
    """Whoever has the host's lock may need the GIL to get on."""

    class Slow(Module):
        def on_message(self, message: Message) -> Result:
            time.sleep(0.001)
            return Result.PASS

    host.load("slow", Slow)
    host.load("echo", built("echo"), hold_gil=True)
    at_once(8, lambda _: [host.process(Message()) for _ in range(20)])


# ---- A module that waits for a thread of its own ------------------------------------------------


def waited(host: Host, built: Built, what: str) -> Verdict:
    host.load("waiter", built("waiter"))
    verdict = host.process(Message(what, to="bob"))
    assert [record.text for record in verdict.logs][-1] == "the thread got 0"
    return verdict


def test_its_thread_sends(host: Host, built: Built) -> None:
    assert waited(host, built, "send").sent == []
    assert list(host.sent) == [Message("from the thread", to="bob", module="waiter")]


def test_its_thread_sends_to_a_handler(built: Built) -> None:
    got: list[tuple[LoadedModule, bytes]] = []
    with Host(send=lambda module, message: got.append((module, message.payload))) as host:
        waited(host, built, "send")
        assert got == [(host.modules[0], b"from the thread")]


def test_its_thread_logs(host: Host, built: Built) -> None:
    waited(host, built, "log")
    assert [record.text for record in host.logs] == ["from the thread"]


def test_its_thread_logs_to_a_handler(built: Built) -> None:
    got: list[str] = []

    def log(record: LogRecord) -> None:
        got.append(record.text)

    with Host(log=log) as host:
        host.load("waiter", built("waiter"))
        host.process(Message("log", to="bob"))
    assert got == ["from the thread", "the thread got 0"]


def test_its_thread_makes_a_request(built: Built) -> None:
    urls: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        urls.append(request.url)
        return HttpResponse()

    with Host(http=answer) as host:
        waited(host, built, "http://nowhere/")
        assert host.wait_idle(60)
    assert urls == ["http://nowhere/"]


def test_a_handler_that_waits_for_a_thread_that_processes(built: Built) -> None:
    """In another host: in this one it would wait for itself."""
    with Host() as inner, Host() as outer:
        inner.load("echo", built("echo"))

        class Asker(Module):
            def on_message(self, message: Message) -> Result:
                with ThreadPoolExecutor(1) as pool:
                    verdict = pool.submit(inner.process, message).result()
                return Result.CONSUMED if verdict.sent else Result.PASS

        outer.load("asker", Asker)
        assert outer.process(Message(to="bob")).result is Result.CONSUMED


# ---- While modules come and go ------------------------------------------------------------------


def while_one_comes_and_goes(
    host: Host, path: Path, thread_safe: bool, work: Callable[[], object]
) -> None:
    """Four threads work as long as a module is loaded and closed 300 times."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.is_set():
            work()

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(repeat) for _ in range(4)]
        try:
            for _ in range(300):
                host.load("guest", path, thread_safe=thread_safe).close()
        finally:
            stop.set()
        for done in working:
            done.result()


@pytest.mark.parametrize("thread_safe", [False, True])
def test_modules_come_and_go_under_load(host: Host, built: Built, thread_safe: bool) -> None:
    host.load("echo", built("echo"), thread_safe=True)

    def process() -> None:
        verdict = host.process(Message(to="bob"))
        assert verdict.result is Result.PASS
        assert len(verdict.sent) in (1, 2)

    while_one_comes_and_goes(host, built("echo"), thread_safe, process)


@pytest.mark.parametrize("thread_safe", [False, True])
def test_a_verdict_names_a_module_that_was_closed_meanwhile(
    host: Host, built: Built, thread_safe: bool
) -> None:
    def process() -> None:
        batch = host.process_batch([Message("1")] * 50)
        for verdict in (host.process(Message("1")), batch.verdict(0), batch.verdict(49)):
            assert (verdict.by is None) == (verdict.result is Result.PASS)

    while_one_comes_and_goes(host, built("result"), thread_safe, process)


def test_a_message_that_is_through_is_not_lost_to_a_close(built: Built) -> None:
    verdicts: list[Verdict] = []
    host = Host()
    library = built("sleeper")
    host.load("sleeper", library)
    thread = threading.Thread(target=lambda: verdicts.append(host.process(Message("200"))))
    thread.start()
    wait_until(lambda: is_inside(library))
    host.close()
    thread.join()
    assert verdicts[0].result is Result.PASS


@pytest.mark.slow
def test_a_thread_safe_module_that_nobody_leaves_in_time(host: Host, built: Built) -> None:
    """It is closed all the same, but not unmapped under the thread that is in it."""
    library = built("sleeper")
    module = host.load("sleeper", library, thread_safe=True)
    verdicts: list[Verdict] = []
    thread = threading.Thread(target=lambda: verdicts.append(host.process(Message("7000"))))
    thread.start()
    wait_until(lambda: is_inside(library))
    module.close()
    assert module.kept == "a thread is still inside it, or inside a host function that it called"
    thread.join()
    assert verdicts[0].result is Result.PASS


def test_a_modules_thread_is_one_thread_of_pythons(built: Built) -> None:
    """It keeps its thread state from one upcall to the next, and with it what is local to it."""
    local = threading.local()
    seen: list[tuple[bytes, object]] = []

    def send(module: LoadedModule, message: Message) -> None:
        seen.append((message.payload, getattr(local, "before", None)))
        local.before = message.payload

    with Host(send=send) as host:
        host.load("twice", built("twice"))
        for _ in range(2):
            host.process(Message())
    assert seen == [(b"first", None), (b"second", b"first")] * 2
