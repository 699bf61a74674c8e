"""All checks: their names, what they need, and that each has a module that it catches."""

from __future__ import annotations

import pytest

from mesibo_abi import InputError
from mesibo_abi.checking.catalogue import CHECKS, chosen
from tests.checking import (
    test_calls,
    test_lifecycle,
    test_messages,
    test_requests,
    test_resources,
    test_static,
)

BY_HAND = {  # in test_static.py: what no compiler makes of a source alone
    "static.loadable",
    "static.machine",
    "static.host-symbols",
    "static.revision",
    "static.needed",
}


def test_each_check_has_a_module_that_it_catches() -> None:
    parts = (
        test_static,
        test_lifecycle,
        test_messages,
        test_requests,
        test_calls,
        test_resources,
    )
    broken = [broken for part in parts for broken in part.BROKEN]
    assert {each.check for each in broken} | BY_HAND == {check.name for check in CHECKS}


def test_names_and_needs() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for place, check in enumerate(CHECKS):
        assert set(check.needs) <= set(names[:place]), check.name
        assert check.says
        assert len(check.says) < 100


@pytest.mark.parametrize(
    ("only", "skip", "names"),
    [
        (["static.stack"], [], ["static.stack"]),
        (["*.stack", "static.st*"], [], ["static.stack"]),
        (["static", "init.loads"], ["static.[!s]*", "init.w*"], ["static.stack", "init.loads"]),
    ],
)
def test_patterns(only: list[str], skip: list[str], names: list[str]) -> None:
    assert [check.name for check in chosen(only, skip)] == names


def test_all_without_patterns() -> None:
    assert chosen([], []) == CHECKS


def test_nothing_left() -> None:
    with pytest.raises(InputError) as caught:
        chosen(["static.loadable"], ["static", "init.*"])
    assert str(caught.value) == (
        "check: no check is left\n"
        "  expected one at least, found that all that were asked for are skipped as well: static, "
        "init.*\n"
        "  hint: skip fewer, or see them all with: mesibo-abi check --list"
    )


@pytest.mark.parametrize("pattern", ["", "stat", "static.", "static.nothing", "STATIC"])
def test_a_pattern_that_matches_nothing(pattern: str) -> None:
    with pytest.raises(InputError, match="check: no check is called"):
        chosen([], [pattern])
