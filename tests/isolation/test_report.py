"""The end of a process as an exception."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mesibo_abi.isolation.crash import INNERMOST
from mesibo_abi.isolation.report import ended
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
