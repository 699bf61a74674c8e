"""An isolated module does what it does in this process: same verdicts, mail, words and order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, LoadError, LogRecord, Message, StructChanged, User, Verdict
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc")


def without_addresses(text: str) -> str:
    """As they are in no two processes the same."""
    return re.sub(r"0x(7[0-9a-f]|5[5-6])[0-9a-f]{10}\b", "0x...", text)


def told(verdict: Verdict) -> tuple[object, ...]:
    """All that a verdict says, but for times, threads and addresses."""
    return (
        verdict.result,
        verdict.by.name if verdict.by else None,
        without_addresses(str(verdict.error)),
        verdict.message and verdict.message.payload,
        verdict.sent,
        [(line.module, line.level, without_addresses(line.text)) for line in verdict.logs],
        [code for _, code in verdict.returned],
    )


def both(library: Path, ask: Callable[[Host], object], **options: object) -> tuple[object, object]:
    """What comes of it in this process, and isolated."""
    found = []
    for isolated in (False, True):
        with Host(**options) as host:  # type: ignore[arg-type]
            host.load("m", library, entry_point=None, isolated=isolated, config={"log": "2"})
            answer = ask(host)
            host.close()
            late = [(line.level, line.text) for line in host.logs]
            found.append((answer, list(host.sent), late, host.dropped))
    return found[0], found[1]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("echo", b"hello"),
        ("echo", b""),
        ("echo", b"\0\xff" * 40000),
        ("logs", b"300"),
        ("logs", b"70000"),
        ("result", b"0"),
        ("result", b"1"),
        ("result", b"-1"),
        ("result", b"77"),
        ("const_write", b"untouched"),
        ("scribble", b"x"),
        ("overrun", b"10"),
        ("overrun", b"5000"),
        ("twice", b"x"),
        ("farewell", b"x"),
        ("minimal", b"x"),
        *(
            ("overwrite", what)
            for what in (b"version", b"signature", b"log", b"behind0", b"behind8")
        ),
    ],
)
def test_a_message(built: Built, name: str, payload: bytes) -> None:
    message = Message(payload, to="bob", from_="alice", id=7, groupid=3, type=9)

    def ask(host: Host) -> object:
        return [told(host.process(message)) for _ in range(2)]

    here, there = both(built(name), ask)
    assert there == here


def test_a_message_that_is_rewritten(rewriting: Path) -> None:
    messages = [Message(b"loud", to="bob"), Message(b"q" * 5000, to="bob"), Message(b"")]
    here, there = both(rewriting, lambda host: [told(host.process(each)) for each in messages])
    assert there == here
    assert here[0][0][3] == b"LOUD"  # type: ignore[index]


def test_other_events(built: Built) -> None:
    message = Message("x", to="bob", from_="alice")

    def ask(host: Host) -> object:
        user = User("alice", online=True, flags=3)
        verdicts = (
            host.status(message, 3),
            host.call(),
            host.call_status(),
            host.login(user),
            host.config(7, b"data"),
        )
        return [told(verdict) for verdict in verdicts]

    here, there = both(built("events"), ask)
    assert there == here


def test_logins_and_configurations(tmp_path: Path) -> None:
    import mesibo_abi

    source = tmp_path / "mesibo_mod_m.c"
    source.write_text(
        """#include "module.h"
static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    mesibo_log(mod, 0, "%s %d %d", user->address ? user->address : "NULL", (int)user->online,
               (int)user->flags);
    return 5;
}
static mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    mesibo_log(mod, 0, "%d %s", (int)type, config ? (char *)config : "NULL");
    return 0;
}
MESIBO_EXPORT int mesibo_module_m_init(mesibo_int_t version, mesibo_module_t *mod,
                                       mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    mod->on_config = on_config;
    return 0;
}
"""
    )
    library = mesibo_abi.build(source, revision="sdk2020")

    def ask(host: Host) -> object:
        return [
            told(host.login(User("alice", online=True, flags=3))),
            told(host.login(User(None, online=False))),
            told(host.config(7, b"data")),
            told(host.config(8)),
            told(host.process(Message("no slot"))),
        ]

    here, there = both(library, ask)
    assert there == here


def test_handlers_are_called_at_once_and_in_order(built: Built) -> None:
    def run(isolated: bool) -> list[object]:
        heard: list[object] = []

        def send(module: object, message: Message) -> int:
            heard.append(("send", message))
            return 0

        def log(record: LogRecord) -> int:
            heard.append(("log", record.level, record.text))
            return -5

        with Host(send=send, log=log) as host:
            host.load("structs", built("structs"), isolated=isolated)
            host.load("bad_sends", built("bad_sends"), isolated=isolated)
            verdict = host.process(Message("x", to="bob", from_="alice"))
            heard.append(told(verdict))
        return heard

    here, there = run(False), run(True)
    assert len(there) == len(here)
    # Where its addresses lie is in what it sends as it lies in memory.
    differing = [i for i, (a, b) in enumerate(zip(here, there, strict=True)) if a != b]
    assert all("params" in str(here[i]) for i in differing)


def test_a_handler_that_raises(built: Built) -> None:
    def send(module: object, message: Message) -> int:
        raise KeyError("no such user")

    def ask(host: Host) -> object:
        verdict = host.process(Message("x", to="bob"))
        return type(verdict.error), told(verdict)

    here, there = both(built("echo"), ask, send=send)
    assert there == here


def test_a_handler_that_sends_through_the_host_again(built: Built) -> None:
    """The worker is in the middle of one call, and gets another."""

    def run(isolated: bool) -> object:
        verdicts: list[object] = []

        def send(module: object, message: Message) -> int:
            if len(message.payload) > 1:
                verdicts.append(told(host.process(Message(message.payload[1:], to="bob"))))
            return len(message.payload)

        with Host(send=send) as host:
            host.load("echo", built("echo"), isolated=isolated)
            verdicts.append(told(host.process(Message("abcdef", to="bob"))))
        return verdicts

    assert run(True) == run(False)


def test_an_end_inside_of_another_call(built: Built) -> None:
    """Both messages were in flight, and both fail."""
    inner = []

    def log(record: LogRecord) -> int:
        if record.text == "outer":
            inner.append(host.process(Message("null")))
        return 0

    with Host(log=log) as host:
        module = host.load("ends", built("ends", "-g"), isolated=True)
        outer = host.process(Message("outer"))
        assert [type(verdict.error).__name__ for verdict in (inner[0], outer)] == [
            "ModuleCrashed",
            "ModuleCrashed",
        ]
        assert inner[0].error.message.payload == b"null"  # type: ignore[union-attr]
        assert outer.error.message.payload == b"outer"  # type: ignore[union-attr]
        assert host.process(Message("fine")).error is None
        assert len(module.crashes) == 2


def test_an_init_that_refuses(built: Built) -> None:
    words = []
    for isolated in (False, True):
        with Host() as host, pytest.raises(LoadError) as caught:
            host.load("m", built("refuse"), isolated=isolated)
        words.append(str(caught.value))
    assert words[0] == words[1]


@pytest.mark.parametrize("name", ["bad_slot", "missing_symbol"])
def test_a_library_that_cannot_be_used(built: Built, name: str) -> None:
    words = []
    for isolated in (False, True):
        with Host() as host, pytest.raises(LoadError) as caught:
            host.load("m", built(name), isolated=isolated)
        words.append(without_addresses(str(caught.value)))
    assert words[0] == words[1]


def test_a_struct_that_is_damaged_in_the_init(built: Built) -> None:
    library = built("overwrite", '-DINIT="signature"')
    words = []
    for isolated in (False, True):
        with Host() as host, pytest.raises(LoadError) as caught:
            host.load("m", library, isolated=isolated)
        words.append(str(caught.value))
    assert words[0] == words[1]


def test_a_struct_that_is_damaged_in_the_cleanup(built: Built) -> None:
    words = []
    for isolated in (False, True):
        host = Host()
        host.load("m", built("late_overwrite", "-DCLEANUP"), isolated=isolated)
        with pytest.raises(StructChanged) as caught:
            host.close()
        words.append(str(caught.value))
    assert words[0] == words[1]


def test_threads_of_its_own_that_send(host: Host, built: Built) -> None:
    module = host.load("chatter", built("chatter"), isolated=True, config={"log": "1"})
    sent: list[Message] = []
    while len(sent) < 100:
        sent += host.sent
        assert host.process(Message("x")).error is None
    module.close()
    sent += host.sent
    assert {message.module for message in sent} == {"chatter"}
    assert module.kept is None


def test_statistics(built: Built) -> None:
    counts = []
    for isolated in (False, True):
        with Host() as host:
            host.load("bad_sends", built("bad_sends"), isolated=isolated)
            host.load("logs", built("logs"), isolated=isolated)
            for _ in range(3):
                host.process(Message("5", to="bob"))
            counts.append(host.stats())
    assert counts[0] == counts[1]


def test_limits_of_the_outbox(built: Built) -> None:
    from mesibo_abi import Limits

    message = Message(b"x" * 3000, to="bob")
    here, there = both(
        built("echo"), lambda host: told(host.process(message)), limits=Limits(outbox=1000)
    )
    assert there == here


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payload=st.binary(max_size=2000),
    to=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=700),
    from_=st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    words=st.lists(st.integers(0, 2**64 - 1), min_size=7, max_size=7),
)
def test_any_message(
    echoing: Host, payload: bytes, to: str, from_: str | None, words: list[int]
) -> None:
    names = ("aid", "id", "refid", "flags", "type", "expiry", "groupid")
    params: dict[str, Any] = dict(zip(names, words, strict=True))
    message = Message(payload, to=to, from_=from_, **params)
    verdict = echoing.process(message)
    expected = 1 if to or message.groupid else 0
    assert len(verdict.sent) == expected
    for sent in verdict.sent:
        assert (sent.payload, sent.to, sent.from_) == (payload, to, from_)
        assert [getattr(sent, name) for name in names] == words


@pytest.fixture(scope="module")
def echoing(built: Built):  # type: ignore[no-untyped-def]
    with Host() as host:
        host.load("echo", built("echo"), isolated=True)
        yield host
