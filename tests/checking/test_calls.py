"""What modules give to host functions: each broken module is caught by exactly one check, at its
line."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Outcome
from tests.checking.broken import Broken, found_exactly
from tests.tools import needs

pytestmark = needs("cc", "addr2line")

FAILED, WARNING = Outcome.FAILED, Outcome.WARNING


def sending(
    source: str, evidence: str, revision: str = "doc2019", by: str = "on_message"
) -> Broken:
    """One that gives a length that is too long."""
    return Broken(f"check/{source}", "calls.length", FAILED, by, revision, evidence=evidence)


BROKEN = [
    sending("sends_length", "where it lies, found 16777216: what lies behind goes out as well"),
    sending("answers_length", "where it lies, found 16777216", "sdk2019"),
    sending("answers_length", "where it lies, found 16777216", "sdk2020"),
    sending("negative_length", "where it lies, found -16777197", "sdk2020"),
    sending(
        "posts_message",
        "expected a NUL within the 11 bytes of the message, found none: what lies behind goes out "
        "as well",
    ),
    sending("script_length", "where it lies, found 16777216", "sdk2020"),
    sending("json_length", "where it lies, found 16777216", "sdk2020"),
    sending("socket_length", "where it lies, found 16777216", "sdk2020", "on_data"),
    Broken(
        "check/logs_format",
        "calls.format",
        FAILED,
        "on_message",
        evidence="expected a format of the module's own, found '",
    ),
    Broken(
        "check/logs_address",
        "calls.format",
        FAILED,
        "on_message",
        "sdk2020",
        evidence="found 'alice', which is the address params->from: a % in there is a directive",
    ),
    Broken(
        "check/logs_item",
        "calls.format",
        FAILED,
        "on_message",
        "sdk2019",
        items={"greeting": "hello"},
        evidence="expected a format of the module's own, found '%s%n': a % in there",
    ),
    Broken(
        "check/sends_nowhere",
        "calls.arguments",
        WARNING,
        "on_message",
        evidence="expected arguments as the header says, found one that is not: params have "
        "neither `to` nor `groupid`; set one of them",
    ),
    Broken(
        "check/sets_flags",
        "calls.arguments",
        WARNING,
        "on_message",
        "sdk2020",
        evidence="or those that came with a message, found 0x10000 besides",
    ),
    Broken(
        "check/sends_back",
        "calls.loop",
        WARNING,
        "on_message",
        evidence="expected an end when it is handed what it sent, found 50 answers, each to the "
        "one before; the first message was b'hello there' to 'bob'",
    ),
    Broken(
        "check/ticks_on",
        "calls.after-cleanup",
        FAILED,
        "tick",
        evidence="expected no call of a host function once cleanup has returned",
    ),
    Broken(
        "check/last_words",
        "calls.after-cleanup",
        FAILED,
        "say_goodbye",
        "sdk2020",
        evidence="the host may have freed the struct by then",
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.check} {b.source} {b.revision}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    library = broken.build(tmp_path)
    found_exactly(broken, mesibo_abi.check(library, config=broken.items))


@pytest.mark.parametrize("revision", ["sdk2019", "sdk2020"])
def test_a_thread_of_the_host_may_go_on(revision: str, tmp_path: Path) -> None:
    broken = Broken("check/thread_goes_on", "", Outcome.PASSED, revision=revision)
    report = mesibo_abi.check(broken.build(tmp_path), only=["calls"])
    assert [result.outcome for result in report] == [Outcome.PASSED] * len(report.results)


def test_what_a_thread_sends_is_no_answer(tmp_path: Path) -> None:
    broken = Broken("check/sends_beside", "", Outcome.PASSED)
    report = mesibo_abi.check(broken.build(tmp_path), only=["calls.loop"])
    assert [result.outcome for result in report] == [Outcome.PASSED]
