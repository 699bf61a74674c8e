"""What a host counts of each module, and times where it is asked to."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Latency, LoadError, Message, Module, ModuleStats, Result
from tests.conftest import Built
from tests.running import SILENT, run


def stats(
    name: str,
    *,
    passed: int = 0,
    consumed: int = 0,
    failed: int = 0,
    events: int = 0,
    sent: int = 0,
    logged: int = 0,
) -> ModuleStats:
    return ModuleStats(name, passed, consumed, failed, events, sent, logged, None)


class Speaker(Module):
    def on_message(self, message: Message) -> Result:
        self.log("heard")
        self.send(Message(message.payload, to="bob"))
        return Result.PASS

    def on_call(self) -> None:
        raise ValueError("no calls")


def test_each_module_by_itself(host: Host, built: Built) -> None:
    host.load("speaker", Speaker)
    host.load("result", built("result"))
    host.load("last", built("echo"))
    assert host.stats() == tuple(stats(name) for name in ("speaker", "result", "last"))
    for code in (0, 1, -1, 7, 0):
        host.process(Message(str(code), to="bob"))
    host.call()
    host.status(Message(), 1)
    assert host.stats() == (
        stats("speaker", passed=5, failed=1, sent=5, logged=6),  # the exception is a line, too
        stats("result", passed=2, consumed=1, failed=2, events=2),
        stats("last", passed=2, sent=2),
    )


def test_direct_calls_and_threads_of_a_module(host: Host, built: Built) -> None:
    waiter = host.load("waiter", built("waiter"))
    waiter.on_message(Message("send", to="bob"))
    waiter.on_message(Message("log", to="bob"))
    assert host.stats() == (stats("waiter", passed=2, sent=1, logged=3),)


def test_what_is_refused_is_not_counted(host: Host, built: Built) -> None:
    host.load("bad_sends", built("bad_sends"))
    host.process(Message("hello", to="bob"))
    (found,) = host.stats()
    assert found.sent == 1


@settings(max_examples=20, deadline=None)
@given(codes=st.lists(st.sampled_from([0, 1, -1, 5]), max_size=40), threads=st.integers(1, 3))
def test_a_batch_counts_as_its_messages(built: Built, codes: list[int], threads: int) -> None:
    messages = [Message(str(code), to="bob") for code in codes]
    with Host() as one, Host() as many:
        for host in (one, many):
            host.load("echo", built("echo"), thread_safe=True)
            host.load("result", built("result"), thread_safe=True)
        for message in messages:
            one.process(message)
        many.process_batch(messages, threads=threads)
        assert one.stats() == many.stats()
        counted = Counter(code if code in (0, 1) else -1 for code in codes)
        assert one.stats()[1] == stats(
            "result", passed=counted[0], consumed=counted[1], failed=counted[-1]
        )


@pytest.mark.parametrize("thread_safe", [False, True])
def test_no_count_is_lost_between_threads(host: Host, built: Built, thread_safe: bool) -> None:
    host.load("echo", built("echo"), thread_safe=thread_safe)
    with ThreadPoolExecutor(8) as pool:
        for done in [
            pool.submit(lambda: [host.process(Message(to="bob")) for _ in range(2000)])
            for _ in range(8)
        ]:
            done.result()
    assert host.stats() == (stats("echo", passed=16_000, sent=16_000),)


# ---- Times ---------------------------------------------------------------------------------------


def latency(host: Host) -> Latency:
    (found,) = host.stats()
    assert found.latency is not None
    return found.latency


def test_times_of_callbacks(built: Built) -> None:
    with Host(latencies=True) as host:
        host.load("sleeper", built("sleeper"))
        assert latency(host) == Latency(0, 0, 0, 0, 0, 0)
        for milliseconds in [*[1] * 16, *[50] * 3, 200]:
            host.process(Message(str(milliseconds)))
        found = latency(host)
    assert found.count == 20
    assert 1e6 * 15 / 16 <= found.p50 < 50e6 * 15 / 16
    assert 50e6 * 15 / 16 <= found.p90 < 200e6 * 15 / 16
    assert 200e6 * 15 / 16 <= found.p99 <= found.p999 <= found.most


def test_the_slowest_of_a_thousand(built: Built) -> None:
    with Host(latencies=True) as host:
        host.load("sleeper", built("sleeper"))
        host.process_batch([Message("0")] * 998 + [Message("30")] * 2)
        found = latency(host)
    assert found.count == 1000
    assert found.p99 < 30e6 * 15 / 16 <= found.p999


def test_a_slot_that_is_null_takes_no_time(built: Built) -> None:
    with Host(latencies=True) as host:
        host.load("echo", built("echo"))
        host.call_status()
        assert latency(host).count == 0


def test_a_module_that_comes_back_begins_anew(host: Host, built: Built) -> None:
    host.load("echo", built("echo"))
    host.process(Message(to="bob"))
    host.modules[0].close()
    assert host.stats() == ()
    host.load("echo", built("echo"))
    assert host.stats() == (stats("echo"),)


def test_times_of_python_modules() -> None:
    class Slow(Module):
        def on_message(self, message: Message) -> Result:
            time.sleep(0.01)
            return Result.CONSUMED

    with Host(latencies=True) as host:
        host.load("slow", Slow)
        host.process(Message())
        assert latency(host).p50 >= 10e6 * 15 / 16


def test_a_module_that_is_refused(built: Built) -> None:
    with Host(latencies=True) as host, pytest.raises(LoadError):
        host.load("refuse", built("refuse"))


def test_latencies_is_a_bool() -> None:
    with pytest.raises(TypeError, match="latencies="):
        Host(latencies="yes")  # type: ignore[arg-type]


def test_not_in_a_child_of_fork() -> None:
    program = """
    import os, warnings
    from mesibo_abi import ForkedError, Host

    warnings.simplefilter("ignore", DeprecationWarning)  # of forks with threads: that is meant
    with Host() as host:
        child = os.fork()
        if child == 0:
            try:
                host.stats()
            except ForkedError:
                os._exit(0)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    """
    assert run(program) == SILENT
