"""Threads that the host makes for a module, and threads that it has never seen."""

from __future__ import annotations

import json
import threading
import time

import pytest

from mesibo_abi import Host, Message, Result, Revision

from .conftest import REVISIONS, Sdk

both = pytest.mark.parametrize("revision", REVISIONS)
UNTIL_CLEANUP = 1_000_000  # as in threads.c


def take(host: Host, count: int) -> list[Message]:
    """So many messages from `host.sent`, as soon as they are there."""
    got: list[Message] = []
    deadline = time.monotonic() + 60
    while len(got) < count and time.monotonic() < deadline:
        got += host.sent
        time.sleep(0.005)
    return got


@both
def test_a_thread_of_the_hosts(host: Host, sdk: Sdk, revision: Revision) -> None:
    """What it calls counts as its module's, also what has no `mod`; it bears the name given."""
    host.load("other", sdk(revision, "threads"))
    host.load("threads", sdk(revision, "threads"))
    host.modules[1].on_message(Message("text", to="worker"))
    (message,) = take(host, 1)
    assert (message.module, message.payload) == ("threads", b"text")
    assert (message.to, message.from_) == ("worker", "extracted")


@both
def test_a_long_name_is_cut(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("threads", sdk(revision, "threads"))
    module.on_message(Message("text", to="a name of more than fifteen"))
    assert [message.to for message in take(host, 1)] == ["a name of more "]


@both
@pytest.mark.parametrize("asked", [1, 100, 16384, 100_001, 1 << 18, 1_000_001, 64 << 20])
def test_a_stack_is_no_less_than_was_asked_for(sdk: Sdk, revision: Revision, asked: int) -> None:
    """And holds what the thread calls, here a handler in Python."""
    sizes: list[int] = []
    sent = threading.Event()

    def send(module: object, message: Message) -> int:
        sizes.append(json.loads(json.dumps({"size": int(message.payload)}))["size"])
        sent.set()
        return 0

    with Host(send=send) as host:
        host.load("stack", sdk(revision, "stack"))
        host.process(Message(id=asked))
        assert sent.wait(60)
    # The system may take a guard page from it, or give that of an earlier thread, a larger one.
    assert sizes[0] + 4096 >= max(asked, 1 << 18)


@both
def test_a_stack_that_cannot_be(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("threads", sdk(revision, "threads"))
    module.on_message(Message("text", to="huge", id=2**62))
    assert [record.text for record in host.logs] == [
        f"thread huge could not be made with a stack of {2**62} bytes"
    ]
    module.close()


@both
def test_a_close_waits_for_the_hosts_threads(host: Host, sdk: Sdk, revision: Revision) -> None:
    """cleanup comes first, as the order says; then their last words; then it is unmapped."""
    module = host.load("threads", sdk(revision, "threads"))
    for number in range(10):
        module.on_message(Message(f"{number}", to="worker", type=UNTIL_CLEANUP))
    module.close()
    assert module.kept is None
    assert sorted(message.payload for message in host.sent) == [b"%d" % n for n in range(10)]
    lines = [record.text for record in host.logs]
    assert lines[0] == "cleanup"
    assert sorted(lines[1:]) == [f"thread of {number}" for number in range(10)]


def test_two_revisions_threads_at_once(host: Host, sdk: Sdk) -> None:
    """JSON means in each what its revision says."""
    modules = [host.load(revision.value, sdk(revision, "threads")) for revision in REVISIONS]
    for number in range(50):
        for module in modules:
            module.on_message(Message(f"{number}", to="worker"))
    messages = take(host, 100)
    assert {message.from_ for message in messages} == {"extracted"}
    for revision in REVISIONS:
        own = [int(message.payload) for message in messages if message.module == revision]
        assert sorted(own) == list(range(50))


@both
def test_threads_that_the_host_has_never_seen(host: Host, sdk: Sdk, revision: Revision) -> None:
    """They are joined inside of the callback: nothing that they call waits for the host's lock."""
    module = host.load("foreign", sdk(revision, "foreign"), config={"item": "value"})
    verdict = host.process(Message(id=50))
    assert (verdict.sent, verdict.logs) == ([], [])
    messages = list(host.sent)
    assert len(messages) == 200
    assert set(messages) == {Message("foreign", to="extracted", from_=None, module="foreign")}
    assert [record.text for record in host.logs] == ["item value"] * 50
    module.close()
    assert module.kept == (
        "the library makes threads of its own, and nobody can tell when they end"
    )


@both
def test_foreign_threads_beside_a_busy_chain(sdk: Sdk, revision: Revision) -> None:
    with Host() as host:
        host.load("foreign", sdk(revision, "foreign"), config={"item": "value"})
        callers = [
            threading.Thread(target=lambda: [host.process(Message(id=8)) for _ in range(20)])
            for _ in range(4)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(list(host.sent)) == 4 * 20 * 8 * 4


@both
def test_a_thread_that_hides_whose_it_is(host: Host, sdk: Sdk, revision: Revision) -> None:
    """Beside modules of both revisions, only the arguments say which signature it means."""
    for other in REVISIONS:
        host.load("other", sdk(other, "json"))
    module = host.load("hidden", sdk(revision, "hidden"))
    assert module.on_message(Message()) is Result.PASS
    assert [record.text for record in host.logs] == ["extracted"]


@pytest.mark.slow
def test_a_thread_that_does_not_end_in_time(host: Host, sdk: Sdk) -> None:
    """Its library stays mapped, close says so, and what it calls afterwards is refused."""
    module = host.load("threads", sdk(Revision.SDK2020, "threads"))
    module.on_message(Message("late", to="worker", type=6500))
    module.close()
    assert module.kept == "a thread is still inside it, or inside a host function that it called"
    time.sleep(2)
    assert list(host.sent) == []
    assert [record.text for record in host.logs] == ["cleanup"]
    assert host.process(Message()).result is Result.PASS
