"""The table of `run --stats`."""

from __future__ import annotations

import pytest

from mesibo_abi import Latency, ModuleStats
from mesibo_abi.cli.stats import in_columns, in_units


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1000, "1.0 µs"),
        (9949, "9.9 µs"),
        (9950, "10 µs"),
        (35_400_000, "35 ms"),
        (1_500_000_000, "1.5 s"),
        (12_345_000_000_000, "12,345 s"),
    ],
)
def test_units(nanoseconds: int, words: str) -> None:
    assert in_units(nanoseconds) == words


def test_the_table() -> None:
    timed = Latency(1203, 80, 120, 1500, 20_000, 3_000_000)
    lines = in_columns(
        [
            ModuleStats("filter", 1200, 3, 0, 2, 5, 0, timed),
            ModuleStats("gr\x1beeter", 0, 0, 0, 0, 0, 0, None),
        ]
    ).splitlines()
    assert [" ".join(line.split()) for line in (lines[0], lines[2])] == [
        "module passed consumed failed events sent logged p50 p90 p99 p999 most",
        "filter 1,200 3 0 2 5 0 80 ns 120 ns 1.5 µs 20 µs 3.0 ms",
    ]
    assert lines[3].endswith("-")
    assert "\x1b" not in lines[3]
