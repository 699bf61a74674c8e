"""The thread of the services: started by need, ended in time, silent to the last."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mesibo_abi import errors
from mesibo_abi.services.daemon_pool import DaemonPool
from mesibo_abi.services.thread import ServiceThread
from tests.services.recorder import Client, wait_until


def threads_of_services() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "mesibo-services"]


def test_starts_with_the_first_call_and_ends_with_close() -> None:
    thread = ServiceThread()
    assert threads_of_services() == []
    names: list[str] = []
    thread.call(lambda: names.append(threading.current_thread().name))
    wait_until(lambda: names == ["mesibo-services"])
    (running,) = threads_of_services()
    assert running.daemon
    assert thread.close()
    assert not running.is_alive()
    assert thread.close()


def test_close_without_a_start() -> None:
    assert ServiceThread().close()


def test_calls_keep_their_order_from_many_threads() -> None:
    thread = ServiceThread()
    got: list[tuple[int, int]] = []

    def send(sender: int) -> None:
        for i in range(200):
            thread.call(got.append, (sender, i))

    senders = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    wait_until(lambda: len(got) == 1600)
    assert thread.close()
    for n in range(8):
        assert [i for sender, i in got if sender == n] == list(range(200))


def test_call_after_close() -> None:
    thread = ServiceThread()
    thread.close()
    with pytest.raises(errors.ClosedError) as caught:
        thread.call(print)
    assert str(caught.value) == (
        "the services of the host are closed\n  hint: make a new mesibo_abi.Host"
    )


def test_watch() -> None:
    thread = ServiceThread()
    event = os.eventfd(0)
    got: list[int] = []
    thread.watch(event, lambda: got.append(os.eventfd_read(event)))
    for value in (1, 5):
        os.eventfd_write(event, value)
        wait_until(lambda: bool(got))
        assert got.pop() == value
    assert thread.close()
    os.close(event)


def test_an_exception_is_logged_and_the_thread_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    thread = ServiceThread()
    done = threading.Event()
    thread.call(int, "no number")
    thread.call(done.set)
    assert done.wait(60)
    assert thread.close()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("mesibo_abi", logging.ERROR)
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_close_runs_the_closers_and_cancels_the_rest() -> None:
    thread = ServiceThread()
    order: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            order.append("task")

    async def closer(name: str) -> None:
        await asyncio.sleep(0)
        order.append(name)

    thread.at_close(lambda: closer("first given"))
    thread.at_close(lambda: closer("last given"))
    tasks: list[asyncio.Task[None]] = []
    thread.call(lambda: tasks.append(asyncio.get_running_loop().create_task(endless())))
    assert thread.close()
    assert order == ["last given", "first given", "task"]
    assert tasks[0].cancelled()


def test_close_does_not_wait_for_ever() -> None:
    thread = ServiceThread()
    release = threading.Event()
    thread.call(release.wait)
    begun = time.monotonic()
    assert not thread.close(0.1)
    assert time.monotonic() - begun < 60
    release.set()
    assert thread.close()


def test_close_on_the_thread_itself() -> None:
    thread = ServiceThread()
    results: list[bool] = []
    thread.call(lambda: results.append(thread.close()))
    wait_until(lambda: results == [False])
    assert thread.close()


def test_a_lookup_does_not_hold_up_the_close() -> None:
    thread = ServiceThread()
    release, begun = threading.Event(), threading.Event()

    async def look_up() -> None:
        await asyncio.get_running_loop().run_in_executor(None, block)

    def block() -> None:
        begun.set()
        release.wait()

    tasks: list[asyncio.Task[None]] = []
    thread.call(lambda: tasks.append(asyncio.get_running_loop().create_task(look_up())))
    assert begun.wait(60)
    assert thread.close(2)
    release.set()


def test_the_pool_bounds_its_threads_and_gives_results() -> None:
    pool = DaemonPool(3, "test-pool")
    release = threading.Event()
    futures = [pool.submit(release.wait) for _ in range(10)]
    busy = [t for t in threading.enumerate() if t.name == "test-pool"]
    assert len(busy) == 3
    assert all(t.daemon for t in busy)
    release.set()
    assert all(future.result(10) for future in futures)
    assert pool.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 7, 0).result(10)
    pool.shutdown()
    wait_until(lambda: not any(t.is_alive() for t in busy))
    with pytest.raises(RuntimeError, match=r"^the pool of the service thread is shut down$"):
        pool.submit(print)


PREAMBLE = """
import gc, os, sys, threading, time, warnings
from mesibo_abi import errors
from tests.services.recorder import Client, wait_until
url = sys.argv[1]
client = Client()
"""

EXITS = {
    "with requests in flight": """
stalls = [client.begin(f"{url}/stall-headers") for _ in range(20)]
bodies = [client.begin(f"{url}/stall-body/5") for _ in range(20)]
dead = client.begin("http://127.0.0.1:1/", retries=1000)
kept = client.fetch(f"{url}/echo")
wait_until(lambda: all(e.names == ["sent"] for e in stalls) and all(e.chunks for e in bodies))
""",
    "right after the start": """
client.begin(f"{url}/stall-headers")
""",
    "in the middle of a big body": """
behind = client.begin(f"{url}/bytes/40000000", taken=False)
wait_until(lambda: behind.paused)
""",
    "with a thread that is blocked": """
client.thread.call(time.sleep, 60)
""",
    "with a lookup under way": """
import socket
asked = threading.Event()
socket.getaddrinfo = lambda *args, **kwargs: (asked.set(), time.sleep(60))
client.begin("http://somewhere.test/")
assert asked.wait(60)
""",
    "by sys.exit": """
client.begin(f"{url}/stall-headers")
sys.exit(0)
""",
    "after a fork": """
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
slow = client.begin(f"{url}/slow/5/100")
kept = client.fetch(f"{url}/echo")
wait_until(lambda: slow.chunks)
child = os.fork()
if not child:
    try:
        client.begin(f"{url}/echo")
    except errors.ForkedError as error:
        refused = str(error)
    assert client.thread.close()
    del client, slow, kept
    gc.collect()
    assert refused == (
        "the services of the host belong to the parent of this process\\n"
        "  hint: make a new mesibo_abi.Host in the child"
    )
else:
    assert os.waitpid(child, 0)[1] == 0
    assert slow.over.wait(60), slow.calls
    assert slow.content == b"".join(b"chunk %d\\n" % i for i in range(5)), slow.calls
    assert client.fetch(f"{url}/echo").status == 200
""",
}


@pytest.mark.unsanitized(reason="has a bound of seconds: an interpreter takes longer")
@pytest.mark.parametrize("case", EXITS)
def test_nothing_is_printed_at_exit(server: str, case: str) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", PREAMBLE + EXITS[case], server],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert time.monotonic() - begun < 10


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_threads_and_descriptors_do_not_pile_up(server: str) -> None:
    def cycle() -> None:
        client = Client()
        client.fetch(f"{server}/echo")
        assert client.thread.close()

    cycle()
    before = descriptors()
    for _ in range(10):
        cycle()
    assert descriptors() <= before
    assert threads_of_services() == []


def test_the_loop_stays_open_until_whoever_ends_it_has_told_it() -> None:
    """That writes to the loop's own socket, whose number would be another's."""
    service = ServiceThread()
    service.call(lambda: None)
    loop, thread = service._loop, service._thread
    assert loop is not None
    assert thread is not None
    with service._lock:
        loop.call_soon_threadsafe(service._begin_shutdown, 1.0)
        while loop.is_running():
            time.sleep(0.001)
        time.sleep(0.1)
        assert not loop.is_closed()
    thread.join(60)
    assert loop.is_closed()
