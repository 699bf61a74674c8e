"""The end of a process as an exception."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mesibo_abi import Crossing, Restart
from mesibo_abi.isolation.crash import INNERMOST, Kind
from mesibo_abi.isolation.report import down, ended, hurried, refused
from mesibo_abi.isolation.worker import Isolation, RestartPolicy, isolation_of
from mesibo_abi.symbols import Place
from tests.isolation.faulted import FAULT


def test_a_recursion_that_was_too_long_to_be_walked() -> None:
    """Then only the innermost calls are known, and how many more there are at least."""
    places = (Place(16, 16, None),) * INNERMOST
    error = ended("deep", Path("deep.so"), replace(FAULT, places=places, left_out=7), (), None)
    assert len(error.frames) == INNERMOST
    assert error.frames_left_out == 7
    assert (
        f"\n  #0 ?? in no file ({INNERMOST} times)\n"
        "  and 7 more at least: too many to come to the outermost"
    ) in str(error)


def how(restart: RestartPolicy = "always", deadline: float | None = 5.0) -> Isolation:
    return isolation_of("late", deadline, 10.0, restart, None, True)


@pytest.mark.parametrize(
    ("restart", "found", "hint"),
    [
        (
            "never",
            "it ended before and is not started again",
            'mend what ended it (see `module.crashes`), or load it with restart="always"',
        ),
        (
            "always",
            "it ended before and could not be started again",
            "see what the log says of it; with the next call it is tried again",
        ),
        (
            Restart(1, 60),
            "it ended before and is started again at most once in any 60 s",
            "mend what ended it (see `module.crashes`); with the first call after that time it is "
            "started again",
        ),
        (
            Restart(3, 0.5),
            "it ended before and is started again at most 3 times in any 0.5 s",
            "mend what ended it (see `module.crashes`); with the first call after that time it is "
            "started again",
        ),
    ],
)
def test_why_it_is_down(restart: RestartPolicy, found: str, hint: str) -> None:
    error = down("late", "on_call", None, how(restart))
    assert error.callback == "on_call"
    assert str(error) == (
        f"module 'late' is down\n  expected its process to run, {found}\n  hint: {hint}"
    )


def test_what_was_called_of_one_whose_init_refuses() -> None:
    error = refused("late", "on_login", None, -1, ["why"])
    assert (error.callback, error.code, error.logs) == ("on_login", -1, ("why",))


def crossing(start: float, function: str, *, over: bool = False, kind: str = "callback") -> bytes:
    """As the core writes it."""
    made = Crossing(
        *("late", function, kind, {}, None),
        *(1, 1, 1, None),
        start=int(start * 1e9),
        duration=1 if over else None,
    )
    return json.dumps(dataclasses.asdict(made)).encode()


OUTER = crossing(100.0, "on_message")


@pytest.mark.parametrize(
    ("since", "crossings", "deadline", "is_hurried"),
    [
        (102.0, [OUTER], 5.0, True),
        (99.0, [OUTER], 5.0, True),  # it was called when the host was hurried already
        (104.8, [OUTER], 5.0, False),  # it would have been ended then anyway
        (106.0, [OUTER], 5.0, False),
        (99.0, [OUTER], 0.3, False),
        (None, [OUTER], 5.0, False),
        (106.0, [OUTER], None, True),  # nothing else ends it
        (102.0, [], 5.0, False),
        (102.0, [], None, True),
        (106.0, [OUTER, crossing(103.0, "on_message")], 5.0, True),
        (106.0, [OUTER, crossing(103.0, "on_call", over=True)], 5.0, False),
        (106.0, [OUTER, crossing(103.0, "thread")], 5.0, False),
        (106.0, [OUTER, crossing(103.0, "mod->log", kind="host function")], 5.0, False),
    ],
)
def test_one_that_was_hurried(
    since: float | None, crossings: list[bytes], deadline: float | None, is_hurried: bool
) -> None:
    hung = replace(FAULT, kind=Kind.HUNG)
    assert hurried(hung, crossings, how(deadline=deadline), since).hurried is is_hurried


def test_a_hurried_init_has_a_time_of_its_own() -> None:
    hung, begun = replace(FAULT, kind=Kind.HUNG, callback="init"), [crossing(100.0, "init")]
    assert hurried(hung, begun, how(deadline=1.0), 109.0).hurried
    assert not hurried(hung, begun, how(deadline=None), 111.0).hurried


def test_what_ends_by_itself_is_not_hurried() -> None:
    assert hurried(FAULT, [OUTER], how(), 102.0) is FAULT
