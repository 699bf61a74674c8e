"""How many messages are taken at once."""

from __future__ import annotations

from mesibo_abi.cli.pace import TICK, Pace


def test_it_doubles_while_there_is_time() -> None:
    pace = Pace()
    found = []
    for _ in range(10):
        found.append(pace.rows)
        pace.took(pace.rows, TICK / 2)
    assert found == [1, 2, 4, 8, 16, 32, 64, 128, 256, 256]


def test_it_halves_when_it_took_long() -> None:
    pace = Pace()
    pace.took(1, 0)
    pace.took(2, 0)
    found = []
    for _ in range(4):
        found.append(pace.rows)
        pace.took(pace.rows, TICK)
    assert found == [4, 2, 1, 1]


def test_fewer_than_it_wanted_say_nothing_of_more() -> None:
    pace = Pace()
    pace.took(1, 0)
    pace.took(1, 0)
    assert pace.rows == 2
    pace.took(1, TICK)
    assert pace.rows == 1
