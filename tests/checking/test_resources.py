"""What a module takes of its process: each that takes too much is caught by exactly one check, at
its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import InputError, Outcome
from mesibo_abi.checking import heap, memcheck
from tests.checking.broken import Broken, bad, found_exactly
from tests.tools import needs

pytestmark = needs("cc", "c++", "addr2line")

FAILED, CRASHED = Outcome.FAILED, Outcome.CRASHED
SDK = "sdk2020"
SOON = {"deadline": 0.5}
VALGRIND = {"valgrind": True}
RECURSIVE = "keeps_lock"


def init_of(source: str) -> str:
    return f"mesibo_module_{source}_init"


BROKEN = [
    Broken(
        "check/loses_memory",
        "resources.memory",
        FAILED,
        "on_message",
        evidence="expected as much memory as before, found 680 bytes in 160 blocks more after 480 "
        "calls, which grew in each of 4 parts of them, ",
    ),
    Broken(
        "check/keeps_history",
        "resources.memory",
        FAILED,
        "on_message",
        SDK,
        evidence="; its cleanup frees them",
    ),
    Broken(
        "check/maps_memory",
        "resources.memory",
        FAILED,
        "on_message_status",
        SDK,
        evidence="expected as much memory as before, found 1671168 bytes in 408 blocks more after ",
    ),
    Broken(
        "check/leaves_open",
        "resources.descriptors",
        FAILED,
        "on_message",
        SDK,
        evidence="expected none, found 480 more after 480 calls, the last of them /dev/null",
    ),
    Broken(
        "check/leaves_thread",
        "resources.threads",
        FAILED,
        "on_login",
        SDK,
        evidence="expected them to end, found 400 more after 400 calls",
    ),
    Broken(
        "check/forgets_state",
        "resources.lives",
        FAILED,
        init_of("forgets_state"),
        SDK,
        evidence="found 6400 bytes in 100 blocks more after 100 times of init and cleanup",
    ),
    Broken(
        "check/never_closes",
        "resources.lives",
        FAILED,
        init_of("never_closes"),
        SDK,
        evidence="found 100 more after it was loaded and cleaned up 100 times, the last of them ",
    ),
    Broken(
        "check/waits_sometimes",
        "resources.time",
        CRASHED,
        "rest",
        SDK,
        options=SOON,
        evidence="expected it to return, it was still there",
    ),
    Broken(
        "check/keeps_lock",
        "resources.at-once",
        CRASHED,
        "on_message",
        SDK,
        options=SOON,
        evidence="expected it to return, one thread was still there",
    ),
    Broken(
        "check/one_too_short",
        "resources.heap",
        CRASHED,
        "on_message",
        SDK,
        evidence="found: free(): invalid pointer; it has 20 bytes, and was allocated by "
        "on_message, ",
    ),
    Broken(
        "check/reads_freed",
        "resources.valgrind",
        FAILED,
        "on_message",
        SDK,
        options=VALGRIND,
        evidence="expected nothing to be said by valgrind, found: Invalid read of size 1; Address ",
    ),
    Broken(
        "check/never_sets",
        "resources.valgrind",
        FAILED,
        "on_message",
        SDK,
        options=VALGRIND,
        evidence="found: Conditional jump or move depends on uninitialised value(s); "
        "Uninitialised value was created by a heap allocation by on_message, ",
    ),
    Broken(
        "check/returns_unset",
        "resources.valgrind",
        FAILED,
        "judge",
        SDK,
        options=VALGRIND,
        evidence="depends on uninitialised value(s); Uninitialised value was created by a heap",
    ),
]


def checked(broken: Broken, tmp_path: Path) -> mesibo_abi.CheckReport:
    return mesibo_abi.check(broken.build(tmp_path), config=broken.items, **broken.options)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.check} {broken.source}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    found_exactly(broken, checked(broken, tmp_path))
