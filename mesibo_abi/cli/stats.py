"""What each module of a run did, as a table."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..stats import ModuleStats
from .text import printable

_COUNTS = ("passed", "consumed", "failed", "events", "sent", "logged")
_TIMES = ("p50", "p90", "p99", "p999", "most")
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))


def in_columns(stats: Sequence[ModuleStats]) -> str:
    """A row for each module: its counts, and the percentiles of the times of its callbacks."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("module")
    for heading in (*_COUNTS, *_TIMES):
        table.add_column(heading, justify="right")
    for one in stats:
        counts = [f"{getattr(one, name):,}" for name in _COUNTS]
        table.add_row(Text(printable(one.name)), *counts, *_times(one))
    text = io.StringIO()
    # As wide as it needs to be: numbers that are cut are none.
    Console(file=text, width=1000).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines() if line.strip())


def _times(one: ModuleStats) -> list[str]:
    if one.latency is None or one.latency.count == 0:
        return ["-"] * len(_TIMES)
    return [in_units(getattr(one.latency, name)) for name in _TIMES]


def in_units(nanoseconds: int) -> str:
    """`850 ns`, `1.2 µs`, `35 ms`: two digits say all that is known."""
    for size, unit in _UNITS:
        if nanoseconds >= size:
            value = nanoseconds / size
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"
    return f"{nanoseconds} ns"
