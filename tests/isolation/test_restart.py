"""Whether a module that ended is started again, and what becomes of its messages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from mesibo_abi import (
    Host,
    LoadedModule,
    LoadError,
    Message,
    Module,
    ModuleCrashed,
    ModuleDown,
    ModuleHung,
    OnFailure,
    Restart,
    Result,
)
from tests.cli.command import environment
from tests.conftest import Built
from tests.isolation.left import children_of, is_worker, workers
from tests.tools import needs

pytestmark = needs("cc")

PATIENCE = 120.0  # seconds


class Counting(Module):
    """Passes, and knows what it has seen."""

    def init(self) -> None:
        self.seen: list[bytes] = []

    def on_message(self, message: Message) -> Result:
        self.seen.append(message.payload)
        return Result.PASS


def results(host: Host, count: int) -> str:
    """P, F or C for each of so many messages."""
    return "".join(host.process(Message(f"{i}", to="bob")).result.name[0] for i in range(count))


def test_always(host: Host, built: Built) -> None:
    module = host.load("restarted", built("restarted", "-DTIMES=3"), isolated=True)
    assert results(host, 9) == "PPFPPFPPF"
    assert len(module.crashes) == 3


def test_never(host: Host, built: Built) -> None:
    library = built("restarted", "-DTIMES=3")
    module = host.load("restarted", library, isolated=True, restart="never")
    assert results(host, 6) == "PPFFFF"
    (end,) = module.crashes
    error = host.process(Message("late")).error
    assert isinstance(error, ModuleDown)
    assert error.__cause__ is end
    assert str(error) == (
        "module 'restarted' is down\n"
        "  expected its process to run, it ended before and is not started again: module "
        "'restarted' ended its process in on_message: SIGABRT\n"
        '  hint: mend what ended it (see `module.crashes`), or load it with restart="always"'
    )
    with pytest.raises(ModuleDown):
        module.on_message(Message("late"))


def test_what_was_called(host: Host, built: Built) -> None:
    module = host.load("events", built("events"), isolated=True, restart="never")
    os.kill(workers()[1], signal.SIGKILL)
    while not module.crashes:
        time.sleep(0.01)
    calls: dict[str, Callable[[], object]] = {
        "on_message": lambda: module.on_message(Message("")),
        "on_message_status": lambda: module.on_message_status(Message(""), 1),
        "on_call": module.on_call,
        "on_call_status": module.on_call_status,
    }
    for callback, call in calls.items():
        with pytest.raises(ModuleDown) as caught:
            call()
        assert caught.value.callback == callback
    error = host.call().error
    assert isinstance(error, ModuleDown)
    assert error.callback == "on_call"


def test_so_often(host: Host, built: Built) -> None:
    module = host.load(
        "restarted", built("restarted", "-DTIMES=1"), isolated=True, restart=Restart(2, 3600)
    )
    assert results(host, 5) == "FFFFF"
    assert [type(error) for error in module.crashes] == [ModuleCrashed] * 3


def test_so_often_in_a_time(host: Host, built: Built) -> None:
    module = host.load(
        "restarted", built("restarted", "-DTIMES=1"), isolated=True, restart=Restart(1, 3.0)
    )
    assert isinstance(host.process(Message("1")).error, ModuleCrashed)
    assert isinstance(host.process(Message("2")).error, ModuleCrashed)
    error = host.process(Message("3")).error
    assert isinstance(error, ModuleDown)
    assert str(error) == (
        "module 'restarted' is down\n"
        "  expected its process to run, it ended before and is started again at most once in any "
        "3 s: module 'restarted' ended its process in on_message: SIGABRT\n"
        "  hint: mend what ended it (see `module.crashes`); with the first call after that time it "
        "is started again"
    )
    time.sleep(3.0)
    assert isinstance(host.process(Message("4")).error, ModuleCrashed)
    assert len(module.crashes) == 3


def test_what_it_sent_before_is_not_lost(host: Host, built: Built) -> None:
    host.load("restarted", built("restarted", "-DTIMES=1"), isolated=True)
    verdict = host.process(Message("kept", to="bob"))
    assert verdict.result is Result.FAIL
    assert [message.payload for message in verdict.sent] == [b"kept"]


def test_init_and_items_come_again(host: Host, tmp_path: Path) -> None:
    """Of the sdk revisions: what `mesibo_util_getconfig` gives is as it was in the file."""
    source = tmp_path / "mesibo_mod_items.c"
    source.write_text(
        """#include "module.h"
#include <stdlib.h>
static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len) {
    char *value = mesibo_util_getconfig(mod, "colour");
    mesibo_log(mod, 0, "%s", value);
    value[0] = 'X';
    if (len == 0)
        abort();
    return MESIBO_RESULT_PASS;
}
MESIBO_EXPORT int mesibo_module_items_init(mesibo_int_t version, mesibo_module_t *mod,
                                           mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mesibo_log(mod, 0, "init of %s with %d", mod->name, (int)mod->config->count);
    return 0;
}
"""
    )
    import mesibo_abi

    library = mesibo_abi.build(source, revision="sdk2020")
    host.load("items", library, config={"colour": "red", "log": "1"}, isolated=True)
    assert [record.text for record in host.logs] == ["init of items with 2"]
    verdicts = [host.process(Message(text)) for text in ("a", "a", "", "a")]
    lines = [[line.text for line in verdict.logs] for verdict in verdicts]
    assert lines[:2] == [["red"], ["Xed"]]
    assert [text for text in lines[2] if "ended its process" not in text] == [
        "Xed",
        "init of items with 2",
    ]
    assert lines[3] == ["red"]


def test_an_init_that_refuses_the_second_time(host: Host, built: Built, tmp_path: Path) -> None:
    once = f'-DONCE="{tmp_path / "once"}"'
    module = host.load("restarted", built("restarted", "-DTIMES=1", once), isolated=True)
    verdict = host.process(Message("1"))
    assert isinstance(verdict.error, ModuleCrashed)
    assert [line.text for line in verdict.logs][-2:] == [
        "init",
        "started again, but its init returned -1: it is down",
    ]
    error = host.process(Message("2")).error
    assert isinstance(error, ModuleDown)
    assert (error.code, error.logs, error.__cause__) == (-1, ("init",), module.crashes[0])
    assert error.callback == "on_message"
    assert str(error) == (
        "module 'restarted' is down\n"
        "  expected its process to run, its init returned -1 when it was started again; it had "
        "ended before: module 'restarted' ended its process in on_message: SIGABRT\n"
        "  hint: mend why its init refuses; with each message it is tried again, if restart= "
        "allows\n"
        "  it logged: init"
    )
    with pytest.raises(ModuleDown, match="its init returned -1 when it was started again"):
        module.on_message(Message("direct"))
    (tmp_path / "once").unlink()
    assert isinstance(host.process(Message("3")).error, ModuleCrashed)
    assert len(module.crashes) == 2


def test_an_init_that_refused_in_an_earlier_life(host: Host, built: Built, tmp_path: Path) -> None:
    """It is not said of the end that came behind it."""
    once = f'-DONCE="{tmp_path / "once"}"'
    library = built("restarted", "-DTIMES=1", once)
    host.load("restarted", library, isolated=True, restart=Restart(2, 3600))
    assert isinstance(host.process(Message("1")).error, ModuleCrashed)  # and refused at once
    (tmp_path / "once").unlink()
    assert isinstance(host.process(Message("2")).error, ModuleCrashed)
    error = host.process(Message("3")).error
    assert isinstance(error, ModuleDown)
    assert (error.code, error.logs) == (None, ())
    assert "it ended before and is started again at most 2 times in any 3600 s: " in str(error)


def test_the_rest_of_the_chain_goes_on(built: Built) -> None:
    with Host(on_failure=OnFailure.PASS) as host:
        host.load("restarted", built("restarted", "-DTIMES=2"), isolated=True, restart="never")
        behind = host.load("behind", Counting)
        assert results(host, 4) == "PPPP"
        assert isinstance(behind.target, Counting)
        assert behind.target.seen == [b"0", b"1", b"2", b"3"]


def test_a_chain_that_stops_at_a_failure(host: Host, built: Built) -> None:
    before = host.load("before", Counting)
    host.load("restarted", built("restarted", "-DTIMES=1"), isolated=True)
    behind = host.load("behind", Counting)
    assert results(host, 3) == "FFF"
    assert isinstance(before.target, Counting)
    assert isinstance(behind.target, Counting)
    assert (len(before.target.seen), behind.target.seen) == (3, [])


def test_each_message_is_processed_once(host: Host, built: Built) -> None:
    host.load("restarted", built("restarted", "-DTIMES=3"), isolated=True)
    sent = [
        message.payload.decode()
        for i in range(30)
        for message in host.process(Message(f"{i}", to="bob")).sent
    ]
    assert sent == [f"{i}" for i in range(30)]


def test_killed_between_two_messages(host: Host, built: Built) -> None:
    module = host.load("restarted", built("restarted", "-DTIMES=1000"), isolated=True)
    assert results(host, 1) == "P"
    for _ in range(20):
        zygote, worker = workers()
        os.kill(worker, signal.SIGKILL)
        while workers()[1:] in ([], [worker]):
            pass
        assert results(host, 3) == "PPP"
    assert {error.signal for error in module.crashes} == {signal.SIGKILL}
    assert {error.callback for error in module.crashes} == {"no callback"}
    assert zygote in workers()


def test_one_that_ends_at_once_behind_its_restart(host: Host, built: Built) -> None:
    """Nobody calls it: each end is noticed, also where the one before is still being seen to."""
    module = load_mayfly(host, built)
    last = None
    for _ in range(300):
        end = time.monotonic() + PATIENCE
        while not module.crashes or module.crashes[-1] is last:
            assert time.monotonic() < end, f"not started again behind {last}"
            time.sleep(0.001)
        last = module.crashes[-1]
        if last.callback == "init":  # it is down until it is called
            host.process(Message("wake", to="bob"))
    with suppress(ModuleCrashed):  # once more
        module.close()


def load_mayfly(host: Host, built: Built) -> LoadedModule:
    """It may end in its first init, on a machine that has no time for it."""
    for _ in range(200):
        with suppress(LoadError):
            return host.load("mayfly", built("mayfly"), isolated=True)
    pytest.fail("it has never come through its init")


def test_a_zygote_that_is_killed(host: Host, built: Built) -> None:
    module = host.load("restarted", built("restarted", "-DTIMES=1000"), isolated=True)
    zygote, worker = workers()
    os.kill(zygote, signal.SIGKILL)
    while worker in workers() or Path(f"/proc/{worker}").exists():
        time.sleep(0.01)
    error = host.process(Message("late", to="bob")).error
    assert isinstance(error, ModuleCrashed)  # at the message, or before it
    assert (error.signal, len(module.crashes)) == (signal.SIGKILL, 1)
    assert results(host, 3) == "PPP"
    assert workers()[0] != zygote
    module.close()


@pytest.mark.slow
def test_a_zygote_that_is_stopped(host: Host, built: Built) -> None:
    """It is given five seconds to go on, and is made anew."""
    module = host.load("ends", built("ends"), isolated=True, deadline=1.0)
    zygote, worker = workers()
    os.kill(zygote, signal.SIGSTOP)
    assert isinstance(host.process(Message("loop")).error, ModuleHung)
    assert host.process(Message("fine")).error is None
    assert zygote not in workers()
    assert worker not in workers()
    assert len(module.crashes) == 1


def test_a_zygote_that_is_killed_again_and_again(host: Host, built: Built) -> None:
    """While nobody calls the module: the listener starts the next one."""
    module = host.load("restarted", built("restarted", "-DTIMES=1000"), isolated=True)
    for times in range(1, 4):
        zygote, _worker = workers()
        os.kill(zygote, signal.SIGKILL)
        while len(module.crashes) < times or len(workers()) < 2:
            time.sleep(0.01)
        assert workers()[0] != zygote
        assert results(host, 3) == "PPP"
    assert {error.callback for error in module.crashes} == {"no callback"}


def test_a_zygote_that_is_killed_and_stays_so(host: Host, built: Built) -> None:
    built_so = built("restarted", "-DTIMES=1000")
    module = host.load("restarted", built_so, isolated=True, restart="never")
    os.kill(workers()[0], signal.SIGKILL)
    while not module.crashes:
        time.sleep(0.01)
    assert isinstance(host.process(Message("late", to="bob")).error, ModuleDown)


def test_a_zygote_that_cannot_be_made_anew(built: Built) -> None:
    """The host outlives it, as do all of its group, and tries again with the next message."""
    program = f"""
import resource, sys, time
from mesibo_abi import Host, Message
with Host() as host:
    module = host.load("restarted", {str(built("restarted", "-DTIMES=1000"))!r}, isolated=True)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))  # no socket for it
    print("ready", flush=True)
    while not module.crashes:
        time.sleep(0.01)
    print(host.process(Message("1", to="bob")).result.name, flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    print(host.process(Message("2", to="bob")).result.name, flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    zygote = min(child for child in children_of(process.pid) if is_worker(child))
    os.kill(zygote, signal.SIGKILL)
    try:
        said, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert (said, process.returncode) == ("FAIL\nPASS\n", 0)


def test_its_words_are_read_while_it_is_started_again(host: Host, built: Built) -> None:
    """By another thread, without the host's lock. (Only ThreadSanitizer sees what they do then.)"""
    module = host.load("restarted", built("restarted", "-DTIMES=1"), isolated=True)
    said = (module.version, module.declared_name, module.callbacks)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            assert module.version in (0, said[0])
            assert module.callbacks in (frozenset(), said[2])

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            assert results(host, 10) == "F" * 10
        finally:
            stop.set()
        reading.result()
    assert (module.version, module.declared_name, module.callbacks) == said


def test_a_crash_imports_nothing(built: Built) -> None:
    """Nobody waits for that then: the load has done it."""
    program = f"""
import sys
from mesibo_abi import Host, Message
with Host() as host:
    host.load("restarted", {str(built("restarted", "-DTIMES=1"))!r}, isolated=True)
    before = set(sys.modules)
    assert host.process(Message("x", to="bob")).error
    print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, env=environment()
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_worker_ends_with_its_host(built: Built, tmp_path: Path) -> None:
    """Also where the host is killed, and where children of it are still there."""
    program = f"""
import os, sys, time
from mesibo_abi import Host
host = Host()
host.load("restarted", {str(built("restarted", "-DTIMES=9"))!r}, isolated=True)
if os.fork() == 0:
    time.sleep(60)
print("ready", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    children = children_of(process.pid)
    names = {child: Path(f"/proc/{child}/comm").read_text().strip() for child in children}
    ours = [child for child, name in names.items() if name.startswith("mesibo-")]
    assert len(ours) == 2
    process.kill()
    process.wait()
    try:
        for child in ours:
            while Path(f"/proc/{child}").exists():
                time.sleep(0.01)
    finally:
        for child in set(children) - set(ours):
            os.kill(child, signal.SIGKILL)
        process.stdout.close()
