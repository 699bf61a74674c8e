"""From an engine's crashes to findings, and on to their files."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mesibo_abi import Message, Revision
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.budget import Budget
from mesibo_abi.fuzzing.campaign import distinct
from mesibo_abi.fuzzing.case import Case
from mesibo_abi.fuzzing.engine import Engine
from mesibo_abi.fuzzing.engines import open_engine
from mesibo_abi.fuzzing.finding import Crash, Finding, Findings, Signatures
from mesibo_abi.fuzzing.reproducing import reproduce
from mesibo_abi.fuzzing.subject import Subject
from tests.fuzzing.libraries import SOURCES, subject
from tests.fuzzing.planted import BY_NAME, findings, nothing
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
    with closing(findings(subject, minimise_for=60)) as found:
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


def finds_again_what_lies_in_its_corpus(subject: Subject, corpus: Path) -> None:
    case = Case((Event(EventKind.MESSAGE, Message("open sesame")),))
    files.write(Finding(Crash("SIGABRT", "on_message"), case), subject, corpus)
    (corpus / "other.jsonl").write_text("not a finding")
    with open_engine(subject) as engine, closing(first_cases(engine, corpus)) as found:
        assert next(found).case.steps == case.steps


def first_cases(engine: Engine, corpus: Path) -> Findings:
    return distinct(engine, Budget(runs=4), corpus, nothing)


@needs("clang", "clang++")
@pytest.mark.slow
def test_a_finding_in_the_corpus_is_begun_with_of_sources(tmp_path: Path) -> None:
    source = SOURCES / "fuzz" / "secret.c"
    module = Subject(sources=(source,), revision=Revision.SDK2020)
    finds_again_what_lies_in_its_corpus(module, tmp_path)


def test_a_finding_in_the_corpus_is_begun_with_of_a_library(tmp_path: Path) -> None:
    finds_again_what_lies_in_its_corpus(subject("secret"), tmp_path)
