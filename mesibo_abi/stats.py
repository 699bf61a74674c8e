"""What each module of a host did so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """How long callbacks took, in nanoseconds, from the call to the return, with all that the
    module called meanwhile. Of `count` callbacks half took at most `p50`, nine in ten at most
    `p90`, 99 in a hundred at most `p99`, 999 in a thousand at most `p999`, all at most `most`; each
    to within a sixteenth. All are 0 where there was none."""

    count: int
    p50: int
    p90: int
    p99: int
    p999: int
    most: int


@dataclass(frozen=True, slots=True)
class ModuleStats:
    """What a module did since it was loaded.

    `passed`, `consumed` and `failed` are messages that it was called with, by what it made of them;
    a callback that left something broken behind has failed, and so has one of another event.
    `events` are other events that it was called with, without those. `sent` and `logged` are what
    it sent and logged, on any thread, and was not refused; the exceptions of a Python module are
    lines, too. `latency` is None unless the host was made with `latencies=True`.
    """

    name: str
    passed: int
    consumed: int
    failed: int
    events: int
    sent: int
    logged: int
    latency: Latency | None
