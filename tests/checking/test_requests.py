"""What comes of requests: each broken module is caught by exactly one check, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import CheckResult, Outcome
from tests.checking.broken import Broken, bad, found_exactly
from tests.tools import needs

pytestmark = needs("cc", "addr2line")


def crashing(source: str, check: str, evidence: str, revision: str, function: str) -> Broken:
    """One that crashes in a callback of its request."""
    return Broken(f"check/{source}", check, Outcome.CRASHED, function, revision, evidence=evidence)


NULL = "at address 0x0: a NULL pointer"
DOC, OLD, NEW = "doc2019", "sdk2019", "sdk2020"
STACK = "below the end of the stack"
BROKEN = [
    crashing("one_part", "http.answers", NULL, DOC, "on_answer"),
    crashing("expects_body", "http.failures", NULL, OLD, "on_answer"),
    crashing("looks_at_nothing", "http.failures", NULL, NEW, "on_data"),
    crashing("trusts_type_of_answer", "http.statuses", NULL, NEW, "on_status"),
    crashing(
        "last_of_answer",
        "http.empty",
        "it read the byte 1 before the body, which has none",
        OLD,
        "on_answer",
    ),
    crashing("answer_as_string", "http.bounds", "it read byte ", DOC, "on_answer"),
    crashing("ends_answer", "http.bounds", "which is const", NEW, "on_data"),
    crashing("trusts_json", "http.contents", "it wrote at address 0x0", DOC, "text_of"),
    crashing("answer_on_stack", "http.huge", STACK, OLD, "copy_of"),
    crashing(
        "keeps_answer",
        "http.kept",
        "it read byte 0 of the body after the call it was handed to",
        NEW,
        "on_close",
    ),
    crashing(
        "asks_about_address",
        "http.kept",
        "it read byte 0 of the address params->from after the call it was handed to",
        DOC,
        "on_answer",
    ),
    crashing("script_counts", "fastcgi.answers", NULL, NEW, "on_answer"),
    crashing(
        "ends_script",
        "fastcgi.answers",
        f"it read at address {2**64 - 1:#x}",
        NEW,
        "on_answer",
    ),
    crashing(
        "keeps_script",
        "fastcgi.kept",
        "of the body after the call it was handed to",
        NEW,
        "on_answer",
    ),
    crashing("script_as_string", "fastcgi.bounds", "of the body, which has", NEW, "on_answer"),
    crashing("script_on_stack", "fastcgi.bodies", STACK, NEW, "copy_of"),
    crashing("socket_average", "sockets.order", "can be divided by, found 0", NEW, "on_close"),
    crashing(
        "keeps_data",
        "sockets.kept",
        "it read byte 0 of the data after the call it was handed to",
        NEW,
        "on_close",
    ),
    crashing("data_as_string", "sockets.bounds", "of the data, which has", NEW, "on_data"),
    crashing("data_on_stack", "sockets.data", STACK, NEW, "copy_of"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.check} {b.source} {b.revision}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    library = broken.build(tmp_path)
    found_exactly(broken, mesibo_abi.check(library, config=broken.items))


@pytest.fixture(scope="module")
def looking_at_nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = crashing("looks_at_nothing", "", "", NEW, "on_data")
    return source.build(tmp_path_factory.mktemp("looks_at_nothing"))


BY_THE_WAY = (
    "lifecycle.cleanup",
    "lifecycle.again",
    "lifecycle.twice",
    "init.no-configuration",
    "messages.kept",
)


@pytest.mark.parametrize("skip", [(), ("lifecycle",), ("init", "messages")], ids=str)
def test_what_crashes_by_the_way_refers_to_the_check_that_tells(
    looking_at_nothing: Path, skip: tuple[str, ...]
) -> None:
    report = mesibo_abi.check(looking_at_nothing, skip=skip)
    assert bad(report) == ["http.failures"]
    (finding,) = report["http.failures"].findings
    assert finding.what == (
        "its http callback ended the process with SIGSEGV, as it cannot connect"
    )
    said = {r.check: r.reason for r in report.of(Outcome.SKIPPED) if r.check in BY_THE_WAY}
    reason = "its http callback ended it by the way: see http.failures"
    asked = [name for name in BY_THE_WAY if name.partition(".")[0] not in skip]
    assert {name for name, why in said.items() if why == reason} == set(said)
    assert set(said) == {name for name in asked if report[name].outcome != Outcome.PASSED}
    assert set(said) & {"lifecycle.cleanup", "messages.kept"}


def test_it_is_told_once_where_no_check_of_requests_is_asked_for(
    looking_at_nothing: Path,
) -> None:
    told: list[CheckResult] = []
    report = mesibo_abi.check(
        looking_at_nothing, only=["lifecycle", "messages.kept"], progress=told.append
    )
    assert bad(report) == ["lifecycle.cleanup"]
    (finding,) = report["lifecycle.cleanup"].findings
    assert finding.what == (
        "its http callback ended the process with SIGSEGV, as its requests fail at its end"
    )
    assert report["messages.kept"].reason == (
        "its http callback ended it by the way: see lifecycle.cleanup"
    )
    assert sorted(told, key=lambda result: result.check) == sorted(
        report.results, key=lambda result: result.check
    )
