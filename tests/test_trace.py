"""Every call to and from modules, written down."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mesibo_abi
from mesibo_abi import (
    Crossing,
    Host,
    InputError,
    Message,
    Module,
    ModuleCrashed,
    Result,
    Trace,
    Traced,
)
from tests.conftest import Built
from tests.tools import needs
from tests.traces import check_spans, crossings, everything, functions, page

pytestmark = needs("cc")


class Talker(Module):
    def on_message(self, message: Message) -> Result:
        self.log("a line", level=0)
        self.send("reply", to="alice")
        self.rewrite(b"HELLO")
        self.http("http://page/", on_response=self.answered)
        return Result.CONSUMED

    def answered(self, answer: object) -> None:
        pass


def test_a_module_in_python(tmp_path: Path) -> None:
    with Host(trace=tmp_path / "t", http=page) as host:
        host.load("talker", Talker)
        host.process(Message("hello", to="bob"))
        host.wait_idle(60)
    found = crossings(tmp_path / "t")
    by_name = {c.function: c for c in found}
    assert set(by_name) == {
        *("init", "on_message", "cleanup", "http.on_data"),
        *("Module.log", "Module.send", "Module.rewrite", "Module.http"),
    }
    inside = {name for name, c in by_name.items() if c.parent == by_name["on_message"].id}
    assert inside == {"Module.log", "Module.send", "Module.rewrite", "Module.http"}
    assert by_name["on_message"].result == 1
    assert by_name["Module.send"].arguments == {
        "len": 5,
        "to": "alice",
        "from": "",
        "message": "reply",
    }
    assert by_name["Module.http"].arguments == {"url": "http://page/"}


def traced(library: Path, path: Path, *messages: Message, isolated: bool) -> list[Crossing]:
    with Host(trace=path) as host:
        host.load("m", library, isolated=isolated)
        for message in messages:
            host.process(message)
    return crossings(path)


@pytest.mark.parametrize("isolated", [False, True])
def test_arguments_and_results(tmp_path: Path, built: Built, isolated: bool) -> None:
    message = Message("ab" * 50, to="bob", from_="alice", id=7, expiry=2**64 - 1, groupid=1)
    found = traced(built("everything"), tmp_path / "t", message, isolated=isolated)
    by_name: dict[str, list[Crossing]] = {}
    for crossing in found:
        by_name.setdefault(crossing.function, []).append(crossing)
    (on_message,) = by_name["on_message"]
    said = {
        "len": 100,
        "to": "bob",
        "from": "alice",
        "id": 7,
        "groupid": 1,
        "expiry": 2**64 - 1,
        "message": "ab" * 32 + "…",
    }
    assert (on_message.arguments, on_message.result) == (said, 1)
    assert (on_message.kind, on_message.parent) == ("callback", None)
    heard, suppressed = by_name["mod->log"]
    assert heard.arguments == {"level": 0, "format": "%s and %d", "text": "words and 42"}
    assert (heard.result, heard.kind) == (0, "host function")
    assert suppressed.arguments == {"level": 7, "format": "nobody hears this"}
    sent, refused = by_name["mod->send_message"]
    assert (sent.arguments, sent.result) == (said, 0)
    assert (refused.arguments, refused.result) == (
        {"len": 100, "params": None, "message": "ab" * 32 + "…"},
        -1,
    )
    (http,) = by_name["mod->http"]
    assert {
        name: http.arguments[name] for name in ("url", "post", "user_agent", "total_timeout")
    } == {
        "url": "http://127.0.0.1:1/",
        "post": "a=b",
        "user_agent": "crossing",
        "total_timeout": 3,
    }
    assert {c.parent for c in (heard, sent, refused, http)} == {on_message.id}
    assert functions(found)[0] == "init"
    assert found[0].arguments == {"revision": "doc2019"}


def test_what_host_functions_return_as_text(tmp_path: Path) -> None:
    with Host(trace=tmp_path / "t") as host:
        host.load("e", everything("sdk2019", tmp_path), config={"colour": "red"})
        host.process(Message("text", to="bob"))
        host.wait_idle(60)
    by_name = {c.function: c for c in crossings(tmp_path / "t")}
    config = by_name["mesibo_util_getconfig"]
    assert (config.arguments, config.result) == ({"name": "colour"}, "red")
    json_call = by_name["mesibo_util_json_extract"]
    assert (json_call.arguments, json_call.result) == (
        {"len": 10, "key": "a", "src": '{"a": "b"}'},
        "b",
    )
    thread = by_name["thread"]
    assert (thread.arguments["name"], thread.result, thread.parent) == ("runner", None, None)
    assert by_name["mesibo_util_create_thread"].result is None


def as_shown(payload: bytes) -> str:
    """Bytes as a trace shows them."""
    cut = len(payload) > 64
    kept = payload[:64]
    if cut:  # not half a character
        for back in range(1, 4):
            lead = kept[-back]
            size = next(
                (
                    n
                    for n, mark in ((2, 0xC0), (3, 0xE0), (4, 0xF0))
                    if lead & (0xFF << (7 - n) & 0xFF) == mark
                ),
                0,
            )
            if size > back and all(byte & 0xC0 == 0x80 for byte in kept[len(kept) - back + 1 :]):
                kept = kept[:-back]
                break
    return kept.decode("utf-8", "backslashreplace") + ("…" if cut else "")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payload=st.binary(max_size=80)
    | st.text(max_size=80).map(lambda t: t.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_are_json(tmp_path: Path, payload: bytes) -> None:
    with Host(trace=tmp_path / "t") as host:
        host.load("quiet", Quiet)
        host.process(Message(payload, to="bob"))
    (on_message,) = [c for c in crossings(tmp_path / "t") if c.function == "on_message"]
    assert on_message.arguments["message"] == as_shown(payload)
    assert on_message.arguments["len"] == len(payload)


class Quiet(Module):
    def on_message(self, message: Message) -> Result:
        return Result.PASS


@pytest.mark.parametrize("isolated", [False, True])
def test_perfetto(tmp_path: Path, built: Built, isolated: bool) -> None:
    path = tmp_path / "t.json"
    with Host(trace=path) as host:
        host.load('quote"d', built("everything"), isolated=isolated)
        for number in range(20):
            host.process(Message(f"{number}", to="bob"))
        host.load("quiet", Quiet)
        host.process(Message("x", to="bob"))
    events = json.loads(path.read_text(encoding="utf-8"))
    calls = [event for event in events if event["ph"] == "X"]
    assert {event["ph"] for event in events} == {"M", "X", "i"}
    for event in calls:
        assert set(event) == {"name", "cat", "ph", "pid", "tid", "ts", "dur", "args"}
        assert event["cat"] in ("callback", "host function")
        assert event["ts"] > 0
        assert event["dur"] >= 0
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
    names = [event["name"] for event in calls]
    assert names.count("on_message") == 21
    assert names.count("mod->send_message") == 42
    check_spans(
        [
            (
                e["pid"],
                e["tid"],
                round(e["ts"] * 1000),
                round(e["ts"] * 1000) + round(e["dur"] * 1000),
            )
            for e in calls
        ]
    )
    assert {event["args"]["module"] for event in calls} == {'quote"d', "quiet"}
    named = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    assert set(named) == {os.getpid(), *(event["pid"] for event in calls)}
    assert events[-1]["args"] == {"crossings": len(calls), "dropped": 0}


def test_a_crash(tmp_path: Path, built: Built) -> None:
    with Host(trace=tmp_path / "t") as host:
        host.load("ends", built("ends", "-g", "-O1"), isolated=True)
        error = host.process(Message("null", to="bob", id=3)).error
        host.process(Message("fine", to="bob"))
    assert isinstance(error, ModuleCrashed)
    found = crossings(tmp_path / "t")
    (under_way,) = [c for c in found if c.duration is None]
    assert (under_way.function, under_way.result, under_way.arguments["id"]) == (
        "on_message",
        None,
        3,
    )
    assert error.crossings == tuple(
        sorted((c for c in found if c.process == under_way.process), key=lambda c: c.start)
    )
    assert len({c.process for c in found}) == 2


def test_a_host_function_that_is_under_way(host: Host, tmp_path: Path) -> None:
    source = tmp_path / "wild.c"
    source.write_text(
        """#include "module.h"
static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    return mod->log(mod, 0, "%s", (const char *)8);
}
int mesibo_module_wild_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
"""
    )
    host.load("wild", mesibo_abi.build(source, output=tmp_path), isolated=True)
    error = host.process(Message("x", to="bob")).error
    assert isinstance(error, ModuleCrashed)
    (call,) = error.host_calls
    assert (call.function, call.duration, call.arguments["format"]) == ("mod->log", None, "%s")
    assert str(error).splitlines()[-3:] == [
        "    init(revision='doc2019') = 0",
        "    on_message(len=1, to='bob', from='', message='x'): has not returned",
        "      mod->log(level=0, format='%s'): has not returned",
    ]


def test_more_than_the_ring_holds(tmp_path: Path) -> None:
    """A callback that makes many calls waits, and nothing is lost."""
    source = tmp_path / "many.c"
    source.write_text(
        """#include "module.h"
static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    for (int i = 0; i < 50000; i++)
        mod->log(mod, 1, "%d", i);
    return MESIBO_RESULT_PASS;
}
int mesibo_module_many_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
"""
    )
    with Host(trace=tmp_path / "t") as host:
        library = mesibo_abi.build(source, output=tmp_path)
        host.load("many", library, isolated=True, deadline=60)
        host.process(Message("x"))
    found = crossings(tmp_path / "t")
    assert functions(found).count("mod->log") == 50000


def test_rows_of_a_batch(tmp_path: Path, built: Built) -> None:
    for isolated in (False, True):
        with Host(trace=tmp_path / "t") as host:
            host.load("echo", built("echo"), isolated=isolated)
            host.process_batch([Message(f"{i}", to="bob", id=i + 1) for i in range(500)])
        found = [c for c in crossings(tmp_path / "t") if c.function == "on_message"]
        assert [c.arguments["id"] for c in found] == list(range(1, 501))


def test_many_threads(tmp_path: Path, built: Built) -> None:
    def work() -> None:
        for _ in range(200):
            host.process(Message("x", to="bob"))

    with Host(trace=tmp_path / "t") as host:
        host.load("echo", built("echo"), thread_safe=True)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = crossings(tmp_path / "t")
    assert functions(found).count("on_message") == 1600
    assert len({c.thread for c in found if c.function == "on_message"}) == 8


def test_a_host_that_is_not_traced(tmp_path: Path, built: Built) -> None:
    with Host(trace=tmp_path / "t") as one, Host() as other:
        other.load("other", built("echo"))
        one.load("one", built("echo"))
        other.process(Message("x", to="bob"))
        one.process(Message("x", to="bob"))
        assert other.traced is None
        assert one.traced == Traced(3, 0, None)
    assert {c.module for c in crossings(tmp_path / "t")} == {"one"}


KILLED = """
import sys
from mesibo_abi import Host, Message
host = Host(trace=sys.argv[1])
host.load("ends", sys.argv[2])
host.process(Message("fine", to="bob"))
host.process(Message("kill", to="bob"))
"""


def test_a_process_that_is_killed(tmp_path: Path, built: Built) -> None:
    """What had crossed is there, whole, to the last call before the end."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", KILLED, tmp_path / "t", built("ends")], timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    lines = [json.loads(line) for line in (tmp_path / "t").read_text().splitlines()]
    assert [line["function"] for line in lines[1:]] == [
        "init",
        "mod->log",
        "on_message",
        "mod->log",
    ]
    assert lines[-1]["arguments"]["text"] == "kill"


FORKS = """
import os, sys
from mesibo_abi import ForkedError, Host, Message
host = Host(trace=sys.argv[1])
module = host.load("echo", sys.argv[2])
child = os.fork()
if child == 0:
    try:
        module.on_message(Message("x", to="bob"))
    except ForkedError:
        os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
host.close()
"""


def test_a_child_of_fork_writes_nothing(tmp_path: Path, built: Built) -> None:
    subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", FORKS, tmp_path / "t", built("echo")],
        timeout=60,
        check=True,
    )
    assert functions(crossings(tmp_path / "t")) == ["init"]


def test_a_child_of_a_workers_fork_writes_nothing(tmp_path: Path, built: Built) -> None:
    """It comes back out of the callback, in the memory that all share."""
    messages = [Message("come back twice", to="bob")] * 20
    found = traced(built("ends"), tmp_path / "t", *messages, isolated=True)
    assert functions(found).count("on_message") == 20
    assert len({c.process for c in found}) == 1


def test_a_file_that_is_full(built: Built, caplog: pytest.LogCaptureFixture) -> None:
    with Host(trace="/dev/full") as host:
        host.load("echo", built("echo"))
        host.process(Message("x", to="bob"))
    assert host.traced == Traced(0, 3, "No space left on device")
    assert caplog.messages == [
        "the trace is not whole: 0 crossings, 3 more were lost: No space left on device"
    ]


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Host(trace=tmp_path / "no" / "folder")
    assert str(caught.value) == (
        f"{tmp_path}/no/folder: the trace cannot be opened\n"
        "  expected a file that can be written, found: No such file or directory\n"
        "  hint: give another path for the trace"
    )
    with pytest.raises(InputError) as caught:
        Trace("t", "xml")
    assert str(caught.value) == (
        "Trace cannot have form='xml'\n"
        "  expected 'jsonl', 'perfetto' or None, got 'xml'\n"
        "  hint: pass one of them, or leave it out"
    )
    wrong: Callable[..., object] = Host
    with pytest.raises(TypeError) as refused:
        wrong(trace=5)
    assert str(refused.value) == (
        "Host cannot be made with this trace=: expected a path or a mesibo_abi.Trace, got 5; pass "
        "that, or leave it out"
    )


@pytest.mark.parametrize(
    ("path", "form", "events"),
    [
        ("t.jsonl", None, False),
        ("t", None, False),
        ("t.json", None, True),
        ("t.perfetto.json", None, True),
        ("t.json", "jsonl", False),
        ("t", "perfetto", True),
    ],
)
def test_the_form_by_the_name(path: str, form: str | None, events: bool) -> None:
    assert Trace(path, form).is_perfetto is events
