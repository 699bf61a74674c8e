"""What a module says, for people."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import mesibo_abi
from mesibo_abi import Outcome
from mesibo_abi.checking.lines import folded
from tests.checking.broken import Broken
from tests.tools import needs


def test_the_same_line_again_is_counted() -> None:
    lines = ["loaded", "late", "late", "late", "loaded"]
    assert folded(lines) == ["loaded", "late (3 times)", "loaded"]


@given(st.lists(st.sampled_from("abc")))
def test_nothing_is_lost(lines: list[str]) -> None:
    again: list[str] = []
    for line in folded(lines):
        count = int(line.split("(")[1].split(" ")[0]) if "(" in line else 1
        again += line[0] * count
    assert again == lines


@needs("cc")
def test_what_a_module_says_at_each_call(tmp_path: Path) -> None:
    broken = Broken("check/chatters", "messages.results", Outcome.FAILED, revision="sdk2020")
    path = broken.build(tmp_path)
    result = mesibo_abi.check(path, only=["messages.results"])["messages.results"]
    (finding,) = result.findings
    assert finding.what.startswith("on_message returned 77")
    assert result.output == ("logged", "again (3 times)", "printed (3 times)")
