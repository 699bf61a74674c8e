"""From an engine's crashes to findings, and on to their files."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.finding import Crash, Finding, Signatures
from mesibo_abi.fuzzing.reproducing import reproduce
from mesibo_abi.fuzzing.subject import Subject
from tests.fuzzing.libraries import subject
from tests.fuzzing.planted import BY_NAME, findings
from tests.tools import needs

NOISE = {"unread": "noise", "and_more": "of it"}


def test_a_finding_without_a_line_is_that_of_one_with_it() -> None:
    known = Signatures(["leak in f at a.c:3"])
    assert "leak in f" in known
    assert "leak in f at a.c:3" in known
    assert "leak in f at a.c:30" not in known
    assert "leak in" not in known
    assert "read in f" not in known
    assert Crash("leak", "f at a.c:3").is_of("leak in f")
    assert not Crash("leak", "f").is_of("leak in f at a.c:3")


def replays_what_was_minimised(subject: Subject, folder: Path) -> Finding:
    """And is what the first finding is."""
    with closing(findings(subject)) as found:
        first = next(found)
    path, _ = files.write(first, subject, folder)
    for name in NOISE:
        assert name not in path.read_text()
    _, again = files.read(path)
    assert again.case == first.case
    crash = reproduce(path)
    assert crash is not None
    assert crash.signature == first.crash.signature
    return first


@needs("clang", "clang++")
@pytest.mark.slow
def test_items_that_do_not_matter_are_gone_of_sources(tmp_path: Path) -> None:
    longer = {"prefix": "much longer than that buffer of it is"}
    module = replace(BY_NAME["long_item"].subject(), config=longer | NOISE)
    first = replays_what_was_minimised(module, tmp_path)
    assert first.case.config == {"prefix": "a" * 32}
    assert first.case.steps == ()


def test_items_that_do_not_matter_are_gone_of_a_library(tmp_path: Path) -> None:
    module = subject("secret", config={"word": "now"} | NOISE)
    first = replays_what_was_minimised(module, tmp_path)
    assert len(first.case.steps) == 1
    assert first.case.config.keys() <= {"word"}
