"""Ctrl-C while the main thread is in code that does not come back."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from mesibo_abi.cli.watch import Watch
from tests.cli.command import COMMAND, environment, records, write
from tests.conftest import Built
from tests.running import Ended, run
from tests.tools import needs

pytestmark = needs("cc")

WORDS = (
    "interrupted: the run ends while a module is in a callback\n"
    "  expected it to return, it has not\n"
    "  hint: callbacks must not block: see what the module waits for"
)


def test_without_ctrl_c_nothing_stays() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Watch():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_what_is_heard_is_an_interrupt_as_ever() -> None:
    with Watch():
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        time.sleep(0.4)  # longer than the main thread has for an answer


def interrupted(process: subprocess.Popen[bytes], hangs: Path) -> bytes:
    """Twice, when it hangs; what it printed to standard error."""
    while not hangs.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    time.sleep(0.6)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.wait(60) == 130
    return said


def started(hangs: Path, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "run", "--quiet", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment() | {"STUCK_FILE": str(hangs)},
    )


@pytest.mark.slow
def test_the_second_ends_a_callback_that_hangs(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"id": 1}, {"id": 2, "message": "hang"}, {"id": 3})
    hangs = tmp_path / "hangs"
    with started(hangs, built("stuck"), messages) as process:
        assert interrupted(process, hangs).decode().endswith(WORDS + "\n")
        assert process.stdout is not None
        (verdict,) = records(process.stdout.read())  # which was not written yet
        assert (verdict["id"], verdict["result"]) == (1, "PASS")


def test_the_first_ends_an_isolated_callback_that_hangs(built: Built, tmp_path: Path) -> None:
    """Not its deadline: that is in an hour. What was under way has its verdict."""
    messages = write(tmp_path / "m.jsonl", {"id": 1}, {"id": 2, "message": "hang"})
    hangs = tmp_path / "hangs"
    isolated = ("--isolated", "--deadline", "3600")
    with started(hangs, *isolated, built("stuck"), messages) as process:
        while not hangs.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        first, second = records(process.stdout.read())
        assert process.wait(60) == 130
        assert (first["id"], first["result"]) == (1, "PASS")
        assert (second["id"], second["result"]) == (2, "FAIL")
        assert "hung in on_message" in second["error"]


@pytest.mark.slow
def test_the_second_ends_an_init_that_hangs(built: Built, tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    with started(hangs, built("stuck", "-DSTUCK_INIT")) as process:
        assert interrupted(process, hangs).decode() == WORDS + "\n"


def interrupting(for_ever: bool, flushing: str) -> str:
    """A program that hangs and gets Ctrl-C, until it begins to end or on and on, and whose output
    nobody reads."""
    return f"""
        import ctypes, os, signal, threading, time
        from mesibo_abi.cli import watch as watching

        begun, hangs = threading.Event(), threading.Event()

        def press():
            hangs.wait()
            time.sleep(0.5)
            while not begun.is_set() or {for_ever}:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)

        def last():
            begun.set()
            time.sleep(3600)

        watching._FLUSHING = {flushing}
        with watching.Watch() as watch:
            watch.last = last
            threading.Thread(target=press, daemon=True).start()
            lock, take = ctypes.create_string_buffer(64), ctypes.CDLL(None).pthread_mutex_lock
            take(lock)
            hangs.set()
            take(lock)  # it waits for itself, without end
    """


def test_it_does_not_wait_for_a_reader_of_the_output() -> None:
    program = interrupting(False, "watching._FLUSHING")
    assert run(program, timeout=60) == Ended(130, WORDS + "\n")


def test_a_third_one_ends_the_wait_for_what_is_still_written() -> None:
    assert run(interrupting(True, "3600"), timeout=60) == Ended(130, WORDS + "\n")
