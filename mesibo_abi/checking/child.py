"""The process that checks are forked off from: one for each, so that what a module does to its
process is done to no other. Started by `supervisor`; reads tasks and writes results, a JSON object
a line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import signal
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from .. import libraries
from ..bridge.fault import FaultRecord
from . import samples
from .catalogue import BY_NAME
from .crashes import Ending, explain
from .lines import folded
from .notes import Notes
from .results import CheckResult, Outcome
from .running import run_check
from .strays import adopt, end_strays
from .subject import Subject, Target
from .wire import decode, encode

_GRACE = 2.0  # seconds for a module that hangs to say where
_MOST_OUTPUT = 16 * 1024  # bytes of what it printed
_MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is to check; `timeout` in seconds."""

    target: Target
    check: str
    timeout: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task; or, in `error`, how the check itself failed, which is no result."""

    result: CheckResult | None = None
    error: str | None = None


def main() -> None:
    """Runs tasks until there is none any more."""
    tasks = os.fdopen(os.dup(0), "rb")
    results = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGTERM, _end)
    adopt()
    for line in tasks:
        task = decode(line, Task)
        _read_once(task.target.path)
        results.write(encode(_run_forked(task)) + b"\n")
        results.flush()


def _read_once(path: Path) -> None:
    """What all that are forked off would read again. Whichever needs what cannot be read tells."""
    with contextlib.suppress(Exception):
        libraries.read(path)
        samples.words_of(path)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit  # on its way out, what is under way is ended


def _run_forked(task: Task) -> Answer:
    """In a process of its own, and of its own group: nothing of it is left afterwards."""
    begun = time.monotonic()
    record, notes = FaultRecord(), Notes()
    said, printed = os.memfd_create("result"), os.memfd_create("output")
    try:
        # What is raised in the hooks of others, around a fork, is lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            child = os.fork()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        if child == 0:
            _be_child(task, record, notes, said, printed)
        status, hung = _watch(child, task.timeout)
        answer = _answer_in(said)
        if answer is None:
            step, seconds = notes.read(), task.timeout if hung else None
            in_time = begun + task.timeout - step.begun < _too_long(task)
            ending = Ending(status, record.found(), step, seconds, hung and in_time)
            answer = Answer(ended(task, ending, time.monotonic() - begun))
        return _with_output(answer, printed)
    finally:
        os.close(said)
        os.close(printed)
        notes.close()


def _too_long(task: Task) -> float:
    """Seconds of one call from which on it is to blame where a check is not through in time."""
    return min(task.target.deadline, task.timeout / 2)


def _watch(child: int, timeout: float) -> tuple[int, bool]:
    """How it ended, and whether it had to be; nothing that it forked off is left."""
    try:
        with contextlib.suppress(OSError):  # the child does the same, whoever is first
            os.setpgid(child, child)
        return _wait(child, timeout)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        end_strays()


def _be_child(task: Task, record: FaultRecord, notes: Notes, said: int, printed: int) -> None:
    status, process = 1, os.getpid()
    try:
        os.setpgid(0, 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        record.watch()
        notes.adopt()
        try:
            answer = Answer(run_check(BY_NAME[task.check], Subject(task.target, notes)))
        except Exception:
            answer = Answer(error=traceback.format_exc())
        if os.getpid() == process:  # else a child of the module's, which came back from its code
            os.write(said, encode(answer))
        status = 0
    finally:
        os._exit(status)


def _wait(child: int, timeout: float) -> tuple[int, bool]:
    """How it ended, and whether it had to be."""
    ended = _wait_for(child, timeout)
    if ended is not None:
        return ended, False
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGABRT)  # writes down where it is
    ended = _wait_for(child, _GRACE)
    if ended is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return ended, True


def _wait_for(child: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended == child:
            return os.waitstatus_to_exitcode(status)
        left = end - time.monotonic()
        if left <= 0:
            return None
        signal.sigtimedwait({signal.SIGCHLD}, left)


def _answer_in(said: int) -> Answer | None:
    os.lseek(said, 0, os.SEEK_SET)
    with os.fdopen(os.dup(said), "rb") as file:
        data = file.read()
    return decode(data, Answer) if data else None


def ended(task: Task, ending: Ending, seconds: float) -> CheckResult:
    """What is said of a check whose process ended before it had said anything, `seconds` after its
    begin."""
    check = BY_NAME[task.check]
    is_static = check.name.startswith("static.")  # no code of it ran
    if ending.seconds is not None and (is_static or ending.in_time):
        what = "it took this check itself" if is_static else "each call returned in time, all took"
        reason = f"{what} more than {ending.seconds:g} s: give it a longer --timeout"
        return CheckResult(check.name, check.says, Outcome.SKIPPED, reason=reason, seconds=seconds)
    finding = explain(ending, task.target.path)
    return CheckResult(
        check.name,
        check.says,
        Outcome.CRASHED,
        (finding,),
        seconds=seconds,
        ended_in=ending.step.callback,
    )


def _with_output(answer: Answer, printed: int) -> Answer:
    """What the module printed helps where something was found."""
    size = os.lseek(printed, 0, os.SEEK_END)
    result = answer.result
    if result is None or not result.findings or size == 0:
        return answer
    text = os.pread(printed, _MOST_OUTPUT, max(0, size - _MOST_OUTPUT)).decode("utf-8", "replace")
    lines = folded(line for line in text.splitlines() if line)[-_MOST_LINES:]
    return Answer(dataclasses.replace(result, output=(*result.output, *lines)))


if __name__ == "__main__":
    main()
