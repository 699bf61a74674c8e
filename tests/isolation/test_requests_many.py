"""Many requests of isolated modules, from threads of their own too; nothing of them is left."""

from __future__ import annotations

import logging
import random
import threading
import time

import pytest

from mesibo_abi import Host, HttpRequest, HttpResponse, Message, ModuleCrashed, ModuleHung
from tests.conftest import Built
from tests.slopes import growth
from tests.tools import needs

pytestmark = [needs("cc"), pytest.mark.timeout(120)]

THREAD = 1


def test_a_thousand_requests(host: Host, built: Built, server: str) -> None:
    host.load("stumble", built("stumble"), isolated=True)
    for number in range(1000):
        host.process(Message(f"{server}/bytes/{number}", from_="")).raise_for_error()
    assert host.wait_idle(60)
    assert [line.text for line in host.logs] == ["progress 100"] * 1000


def test_a_thousand_requests_of_a_batch(host: Host, built: Built, server: str) -> None:
    module = host.load("stumble", built("stumble"), isolated=True)
    result = host.process_batch(
        [Message(f"{server}/bytes/{number}", from_="") for number in range(1000)]
    )
    assert not result.errors
    assert host.wait_idle(60)
    texts = [line.text for _, line in result.logs] + [line.text for line in host.logs]
    assert texts == ["progress 100"] * 1000
    assert module.crashes == ()


@pytest.mark.parametrize("asks", [0, 1, 10, 62, 63])
def test_one_row_asks(built: Built, asks: int) -> None:
    """It has its turn to the end, once; then a crash is what it is, and the module goes on."""
    asked: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return HttpResponse()

    with Host(http=answer) as host:
        module = host.load("stumble", built("stumble"), isolated=True)
        for _ in range(2):
            result = host.process_batch(
                [
                    Message("http://nowhere/" if row == asks else "", from_="", id=row, refid=1)
                    for row in range(64)
                ]
            )
            assert list(result.results) == [0] * 64
            assert not result.errors
        assert host.wait_idle(60)
        assert asked == ["http://nowhere/"] * 2
        (stats,) = host.stats()
        assert stats.passed == 128
        host.process(Message("http://nowhere/", from_="null", id=1))
        assert host.wait_idle(60)
        assert len(module.crashes) == 1
        assert host.process(Message("", from_="", refid=1)).error is None


def test_asking_in_a_batch_keeps_the_order_of_rows(host: Host, built: Built, server: str) -> None:
    """What another module sends and logs comes between what this one does, as it does here."""

    def told(isolated: bool) -> object:
        with Host(http=lambda request: HttpResponse()) as host:
            host.load("stumble", built("stumble"), isolated=isolated)
            host.load("echo", built("echo"), isolated=isolated)
            host.load("bad_sends", built("bad_sends"), isolated=isolated)
            result = host.process_batch(
                [
                    Message("http://nowhere/" * (number % 7 == 3), to="bob", from_="", refid=1)
                    for number in range(600)
                ]
            )
            assert host.wait_idle(60)
            sent = [(row, message.module, message.payload) for row, message in result.sent]
            logs = [(row, line.module, line.text) for row, line in result.logs]
            return list(result.results), sent, logs

    assert told(True) == told(False)


def test_requests_of_its_threads(host: Host, built: Built, server: str) -> None:
    """Beside messages and answers."""
    module = host.load("stumble", built("stumble"), isolated=True)
    for number in range(300):
        host.process(Message(f"{server}/bytes/{number}", from_="", type=number % 2))
    texts: list[str] = []
    deadline = time.monotonic() + 60
    while len(texts) < 300:
        assert time.monotonic() < deadline
        texts += [line.text for line in host.logs]
        time.sleep(0.005)
    assert texts == ["progress 100"] * 300
    assert module.crashes == ()


@pytest.mark.parametrize(("how", "end"), [("null", ModuleCrashed), ("hang", ModuleHung)])
@pytest.mark.parametrize("kind", [0, THREAD])
def test_an_end_in_the_second_callback(
    host: Host, built: Built, server: str, how: str, end: type, kind: int
) -> None:
    module = host.load("stumble", built("stumble", "-g"), isolated=True, deadline=1.0)
    message = Message(f"{server}/bytes/3000000", from_=how, id=2, type=kind)
    host.process(message).raise_for_error()
    deadline = time.monotonic() + 60
    while not module.crashes:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    (error,) = module.crashes
    assert type(error) is end
    assert error.callback == "a callback of an http request"
    assert "on_data" in [frame.function for frame in error.frames]
    assert host.wait_idle(60)


def test_crashes_among_many(built: Built) -> None:
    """Whatever is under way at each crash, every request ends, and nothing comes to another one.
    Answers come on from other threads meanwhile, and messages."""
    random.seed(7)

    def answer(request: HttpRequest) -> HttpResponse:
        time.sleep(random.random() / 500)
        return HttpResponse(body=b"x" * random.choice([0, 10, 100_000]))

    with Host(http=answer) as host:
        module = host.load("stumble", built("stumble", "-g"), isolated=True)

        def work(seed: int) -> None:
            chance = random.Random(seed)
            for _ in range(150):
                how = "null" if chance.random() < 0.1 else ""
                message = Message(
                    "http://nowhere/",
                    from_=how,
                    id=chance.choice([1, 2]),
                    type=chance.choice([0, 1]),
                )
                verdict = host.process(message)
                assert verdict.error is None or isinstance(verdict.error, ModuleCrashed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert host.wait_idle(30)
        assert host.open_requests() == 0
        host.process(Message("http://nowhere/", from_="")).raise_for_error()
        assert host.wait_idle(30)
        crashes = module.crashes
        assert crashes
        assert {error.meaning for error in crashes} == {"a write to a NULL pointer"}


@pytest.mark.unsanitized(reason="counts what libc's malloc has given: a sanitizer has its own")
def test_memory_of_what_is_over(built: Built, caplog: pytest.LogCaptureFixture) -> None:
    """Neither answers nor crashes leave any in the host, but for the last sixteen reports."""
    caplog.set_level(logging.CRITICAL, "mesibo_abi")  # pytest keeps what is logged, errors and all
    with Host(http=lambda request: HttpResponse(body=b"x" * 200_000)) as host:
        host.load("stumble", built("stumble"), isolated=True)

        def some(count: int) -> None:
            for number in range(count):
                how = "null" if number % 10 == 0 else ""
                host.process(Message("http://nowhere/", from_=how, id=1))
                assert host.wait_idle(60)
            list(host.logs)

        some(160)
        grown = growth(some, 300)
        assert grown["heap"] < 1000, grown
        assert (grown["mappings"], grown["descriptors"]) == (0, 0), grown
