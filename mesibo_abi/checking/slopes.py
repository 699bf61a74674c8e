"""What a module uses more of with every call, or with every life of it: memory, descriptors and
threads, as a slope.

The same calls are made over and over. What is kept from them fills its place while they warm up,
and stays as it is then; what is lost grows in every window. Where something does, a second run with
more calls before it tells who made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from resource import RLIMIT_NOFILE, getrlimit

from ..evidence import Service
from ..symbols import Frame, locate
from . import network, probe, samples
from .calling import loaded, where_callback
from .crashes import Ending, explain
from .probe import Call, Level, Live, Report
from .results import Finding
from .subject import Crash, Skip, Subject

_WARM_UP = 20  # calls
_WINDOW = 100
_WINDOWS = 4
_MANY = 20_000  # calls, for what has room for some thousands
_LIVES = 25  # in a window
_SECONDS = 1.5  # the most that warming up may take, and each window
_MOST_FINDINGS = 3
_LOAD = "a load"
_ANSWERED = ", as its requests are answered"
_MOST_DESCRIPTORS = 1 << 18  # csrc/probe/main.c
_SPARE = 8  # of them, which are used for a moment only
_SHOWN = 40  # bytes of a message
_OTHER_LENGTHS = (b"", *(samples.LONG[:size] for size in (64, 100, 256, 1000, 4096)))


@dataclass(frozen=True, slots=True)
class Resource:
    """What is measured: how much there is, and how much of that one stack has made. `patience` is
    how long, in seconds, threads of the module may go on behind a window before it counts."""

    level: Callable[[Level], int]
    live: Callable[[Live], int]
    warm_up: int
    patience: float = 0.25


_MEMORY = Resource(lambda level: level.memory, lambda live: live.bytes, _MANY)
_DESCRIPTORS = Resource(lambda level: level.descriptors, lambda _live: 0, _WARM_UP)
_THREADS = Resource(lambda level: level.threads, lambda live: live.threads, _WARM_UP, 1.0)


# ---- The calls


def calls_of(subject: Subject) -> dict[str, list[Call]]:
    """What each callback that it has is called with."""
    trial = loaded(subject)
    has = {name for name, (_, is_code) in trial.slots().items() if is_code}
    calls: dict[str, list[Call]] = {}
    for call in (*_messages(subject), *_events()):
        if call.callback in has:
            calls.setdefault(call.callback, []).append(call)
    if not calls:
        raise Skip("it has no callback")
    return calls


def _messages(subject: Subject) -> Iterator[Call]:
    for to in samples.to_whom(subject):
        for text in (*samples.TEXTS, *_OTHER_LENGTHS):
            what = f"the message {text!r}" if len(text) <= _SHOWN else f"{len(text)} bytes"
            yield Call("on_message", f"with {what}", text, to, "alice")


def _events() -> Iterator[Call]:
    for status in (0, 1, 2, 3, 0x80, 0x83):
        case = f"with the status {status}"
        yield Call("on_message_status", case, None, "bob", "alice", status=status)
    for callback in ("on_call", "on_call_status"):
        yield Call(callback, "with a call")
    for online in (True, False):
        case = f"with a {'login' if online else 'logout'}"
        yield Call("on_login", case, None, "alice", online=online)
    yield Call("on_config", "with a configuration")


# ---- Measuring


def measure(
    subject: Subject, calls: Sequence[Call], order: str, answer: bytes | None = None
) -> Report:
    """A run of the probe; `answer` is what each request is answered with, None: each fails. Raises
    Crash where the module does not come to its end."""
    subject.notes.write("in the program that measures it")
    run = probe.run(probe.task(subject, calls, order, answer=answer), calls)
    if not run.report.done:
        raise Crash(explain(Ending(run.status, run.fault, run.step), subject.path))
    return run.report


def _order(word: str, warm_up: int, window: int, patience: float | None = None) -> str:
    """With `patience` it is to be told who does it."""
    tracked = patience is not None
    micros = [int(seconds * 1e6) for seconds in (_SECONDS, patience or _MEMORY.patience)]
    return f"{word} {warm_up} {window} {_WINDOWS} {int(tracked)} {micros[0]} {micros[1]}"


def _grows(report: Report, resource: Resource) -> bool:
    """In every window."""
    levels = [resource.level(level) for level in report.levels]
    return all(after > before for before, after in pairwise(levels))


def _is_full(report: Report) -> bool:
    """Whether there was no descriptor left: then none can be seen to grow."""
    most = min(_MOST_DESCRIPTORS, getrlimit(RLIMIT_NOFILE)[1])
    return report.levels[-1].descriptors >= most - _SPARE


def _rounded(least: int, cycle: int) -> int:
    return -(-least // cycle) * cycle


def _slope(
    subject: Subject, calls: Sequence[Call], resource: Resource, answer: bytes | None = None
) -> Report | None:
    """What is known of a growth with every call; None: there is none."""
    window = _rounded(_WINDOW, len(calls))
    few = _rounded(max(_WARM_UP, 2 * len(calls)), len(calls))
    first = measure(subject, calls, _order("slopes", few, window), answer)
    if resource is _DESCRIPTORS and _is_full(first):
        once = len(calls)  # so that some are left for those whose stacks are kept
        return measure(subject, calls, _order("slopes", once, once, resource.patience), answer)
    if not _grows(first, resource):
        return None
    is_safe = not _grows(first, _DESCRIPTORS) and not _grows(first, _THREADS)
    many = max(few, resource.warm_up) if is_safe else few
    again = measure(subject, calls, _order("slopes", many, window, resource.patience), answer)
    return again if _grows(again, resource) else None


# ---- Who it was


def _frames(subject: Subject, stack: Sequence[int]) -> list[Frame]:
    return [locate(subject.path, address - 1) for address in stack[:2]]


def _live_at(report: Report, window: int, stack: int) -> Live:
    return report.live.get(window, {}).get(stack, Live(0, 0, 0))


def _by_stack(
    report: Report, live: Callable[[Live], int], first: int, last: int
) -> list[tuple[int, Live]]:
    """The stacks that have made more in every window, those with most first."""
    found = []
    for number in report.stacks:
        at = [_live_at(report, window, number) for window in range(first, last + 1)]
        if all(live(after) > live(before) for before, after in pairwise(at)):
            found.append((number, at[-1]))
    return sorted(found, key=lambda each: -live(each[1]))[:_MOST_FINDINGS]


def _called_from(frames: Sequence[Frame]) -> str:
    return f", called from {frames[1].with_path()}" if len(frames) > 1 else ""


def _plural(count: float, noun: str) -> str:
    return f"{count:g} {noun}{'' if count == 1 else 's'}"


def _each(who: str) -> str:
    return "" if who == _LOAD else " a call"


# ---- The checks


def memory(subject: Subject) -> Iterator[Finding]:
    """Of each callback."""
    for callback, calls in calls_of(subject).items():
        report = _slope(subject, calls, _MEMORY)
        if report is not None:
            yield from _lost_memory(subject, callback, report)


def _lost_memory(
    subject: Subject, callback: str, report: Report, when: str = ""
) -> Iterator[Finding]:
    made = report.made
    for number, live in _by_stack(report, lambda live: live.bytes, 0, _WINDOWS):
        left = _live_at(report, _WINDOWS + 1, number)
        is_freed = left.bytes * 2 < live.bytes
        if is_freed and report.own_threads:
            continue  # one of them may still have to do with it
        frames = _frames(subject, report.stacks[number])
        yield Finding(
            f"{callback} keeps {_plural(round(live.bytes / made, 2), 'byte')} a call{when}",
            f"expected as much memory as before, found {live.bytes} bytes in "
            f"{_plural(live.blocks, 'block')} more after {made} calls, which grew in each of "
            f"{_WINDOWS} parts of them, and began after {report.before} others; its cleanup "
            f"{'frees them' if is_freed else 'leaves them'}{_called_from(frames)}",
            "bound what is kept from one call to the next: a server runs for months"
            if is_freed
            else "free what a callback has allocated on every way out of it",
            frames[0].with_path(),
        )


def descriptors(subject: Subject) -> Iterator[Finding]:
    """Of each callback."""
    for callback, calls in calls_of(subject).items():
        report = _slope(subject, calls, _DESCRIPTORS)
        if report is not None:
            yield from _left_open(subject, callback, f"{report.made} calls", report)


def _left_open(
    subject: Subject, who: str, times: str, report: Report, when: str = ""
) -> Iterator[Finding]:
    if _is_full(report) and not report.opened:
        most = report.levels[-1].descriptors
        yield Finding(
            f"{who} leaves descriptors open until there are none{when}",
            f"expected none, found {most} open, as many as there may be, after the first "
            f"{_plural(report.before, 'call')}",
            "close what was opened on every way out: a process has a thousand or so",
            where_callback(subject, loaded(subject), who),
        )
    by_stack: dict[int, list[str]] = {}
    for number, target in report.opened:
        by_stack.setdefault(number, []).append(target)
    made = report.made
    least = made // len(by_stack or [0]) // 10
    for number, targets in sorted(by_stack.items(), key=lambda each: -len(each[1])):
        if len(targets) < max(_WINDOWS, least):
            continue
        frames = _frames(subject, report.stacks[number]) if number >= 0 else []
        yield Finding(
            f"{who} leaves {_plural(round(len(targets) / made, 2), 'descriptor')} open"
            f"{_each(who)}{when}",
            f"expected none, found {len(targets)} more after {times}, the last of them "
            f"{targets[-1]}{_called_from(frames)}",
            "close what was opened on every way out: a process has a thousand or so",
            frames[0].with_path() if frames else where_callback(subject, loaded(subject), who),
        )


def threads(subject: Subject) -> Iterator[Finding]:
    """Of each callback."""
    for callback, calls in calls_of(subject).items():
        report = _slope(subject, calls, _THREADS)
        if report is not None:
            yield from _left_running(subject, callback, f"{report.made} calls", report)


def _left_running(
    subject: Subject, who: str, times: str, report: Report, when: str = ""
) -> Iterator[Finding]:
    for number, live in _by_stack(report, lambda live: live.threads, 0, _WINDOWS):
        frames = _frames(subject, report.stacks[number])
        share = _plural(round(live.threads / report.made, 2), "thread")
        yield Finding(
            f"{who} leaves {share} running{_each(who)}{when}",
            f"expected them to end, found {live.threads} more after {times}{_called_from(frames)}",
            "hand the work to one thread that waits for more, or let each end when it is done",
            frames[0].with_path(),
        )


def answers(subject: Subject) -> Iterator[Finding]:
    """All of them, of each callback that asks for something, and what it asks for is answered."""
    answer = network.document(subject)
    for callback, calls in asking(subject).items():
        report = _slope(subject, calls, _DESCRIPTORS, answer)
        if report is not None:
            times = f"{report.made} calls"
            yield from _left_open(subject, callback, times, report, _ANSWERED)
        report = _slope(subject, calls, _THREADS, answer)
        if report is not None:
            times = f"{report.made} calls"
            yield from _left_running(subject, callback, times, report, _ANSWERED)
        report = _slope(subject, calls, _MEMORY, answer)
        if report is not None:
            yield from _lost_memory(subject, callback, report, _ANSWERED)


def asking(subject: Subject) -> dict[str, list[Call]]:
    """The calls at which it asks for something. Raises Skip where it never does."""
    calls: dict[str, list[Call]] = {}
    for service in Service:
        with suppress(Skip):
            for trigger in network.triggers(subject, service):
                if trigger.callback != "init":  # once a life: what that keeps is no slope
                    calls.setdefault(trigger.callback, []).append(_call_of(trigger))
    if not calls:
        raise Skip("it asked for nothing at any call that was tried")
    return calls


def _call_of(trigger: network.Trigger) -> Call:
    message = trigger.message
    if message is None:
        return Call(trigger.callback, "that asks for something", None, "alice", "alice", status=2)
    payload, to, from_ = message.payload, message.to, message.from_
    case = f"with the message {payload[:_SHOWN]!r}"
    return Call(trigger.callback, case, payload, to, from_, status=2)


def lives(subject: Subject) -> Iterator[Finding]:
    """Of its loads and unloads."""
    loaded(subject)
    first = measure(subject, [], _order("lifecycles", _WARM_UP, _LIVES))
    resources = (_MEMORY, _DESCRIPTORS, _THREADS)
    if not any(_grows(first, resource) for resource in resources):
        return
    report = measure(subject, [], _order("lifecycles", _WARM_UP, _LIVES, _MEMORY.patience))
    times = f"it was loaded and cleaned up {report.made} times"
    if _grows(report, _MEMORY):
        yield from _lost_in_lives(subject, report)
    if _grows(report, _DESCRIPTORS):
        yield from _left_open(subject, _LOAD, times, report)
    if _grows(report, _THREADS):
        yield from _left_running(subject, _LOAD, times, report)


def _lost_in_lives(subject: Subject, report: Report) -> Iterator[Finding]:
    for number, live in _by_stack(report, lambda live: live.bytes, 0, _WINDOWS):
        frames = _frames(subject, report.stacks[number])
        yield Finding(
            f"a load leaves {_plural(round(live.bytes / report.made, 2), 'byte')} behind",
            f"expected as much memory as before, found {live.bytes} bytes in "
            f"{_plural(live.blocks, 'block')} more after {report.made} times of init and cleanup"
            f"{_called_from(frames)}",
            "free in the cleanup what init has allocated, and what was kept since",
            frames[0].with_path(),
        )
