"""How long a call takes, alone and with eight threads at once: each returns before its deadline, or
it is said where it hangs. Time in which the machine had no processor for it does not count, nor
does a wait for the lock of the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..symbols import Frame, locate
from . import probe
from .crashes import Ending, explain
from .probe import Call, Run
from .results import Finding
from .slopes import calls_of
from .subject import Crash, Subject

_CALLS = 3000
_SECONDS = 1.0  # for all of them; each is called once at least
_THREADS = 8
_MOST_FRAMES = 4


def order(
    calls: Sequence[Call],
    deadline: float,
    *,
    threads: int = 1,
    most: int = _CALLS,
    seconds: float = _SECONDS,
    from_init: bool = False,
    settles: bool = False,
) -> str:
    """Calls for the probe: so many at most, in turn, each of them once at least. `settles`, for one
    thread: what a call asks for ends before the next."""
    rounds = max(1, most // len(calls) // threads)
    micros = (int(seconds * 1e6), max(1, int(deadline * 1e6)))
    return f"calls {threads} {rounds} {micros[0]} {micros[1]} {int(from_init)} {int(settles)}"


def alone(subject: Subject) -> Iterator[Finding]:
    """On one thread."""
    _run(subject, 1)
    yield from ()


def at_once(subject: Subject) -> Iterator[Finding]:
    """On eight threads: one at a time where it has not said that it allows for more."""
    _run(subject, _THREADS)
    yield from ()


def _run(subject: Subject, threads: int) -> None:
    calls = [call for each in calls_of(subject).values() for call in each]
    deadline = subject.target.deadline
    subject.notes.write("in the program that calls it")
    text = probe.task(subject, calls, order(calls, deadline, threads=threads))
    run = probe.run(text, calls)
    refuse_late(subject, calls, run, deadline, threads)
    if not run.report.done:
        raise Crash(explain(Ending(run.status, run.fault, run.step), subject.path))


def refuse_late(
    subject: Subject, calls: Sequence[Call], run: Run, deadline: float, threads: int = 1
) -> None:
    """Raises Crash where a call did not return in time: a finding for each place that hangs."""
    report = run.report
    if report.late is None:
        return
    places: dict[tuple[int, ...], list[int]] = {}
    for index, stack in report.hangs:
        if stack:
            places.setdefault(stack, []).append(index)
    found = [
        _late(subject, [calls[index] for index in indices], stack, deadline, threads)
        for stack, indices in places.items()
    ]
    raise Crash(*(found or [_late(subject, [calls[report.late]], (), deadline, threads)]))


def _late(
    subject: Subject, hanging: Sequence[Call], stack: Sequence[int], deadline: float, threads: int
) -> Finding:
    call = hanging[0]
    frames = [locate(subject.path, address - 1) for address in stack[:_MOST_FRAMES]]
    among = f", on {threads} threads" if threads > 1 else ""
    return Finding(
        f"{call.callback} did not return in {deadline:g} s, {call.case}{among}",
        f"expected it to return, {_still(len(hanging), threads)} still there{_way(frames)}",
        _CURE_AT_ONCE if threads > 1 else _CURE,
        frames[0].with_path() if frames else None,
    )


def _still(count: int, threads: int) -> str:
    if threads == 1:
        return "it was"
    return "one thread was" if count == 1 else f"{count} threads were"


def _way(frames: Sequence[Frame]) -> str:
    return "".join(f", called from {frame.with_path()}" for frame in frames[1:])


_CURE = "callbacks must not block: see what it waits for, or which loop does not end"
_CURE_AT_ONCE = (
    "any thread of a host may call: let go of each lock on every way out, and take several always "
    "in the same order"
)
