"""Init and lifecycle: each broken module is caught by exactly one check, where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Outcome
from tests.checking.broken import Broken, found_exactly
from tests.tools import needs

pytestmark = needs("cc", "addr2line")

FAILED, CRASHED = Outcome.FAILED, Outcome.CRASHED


def init_of(source: str) -> str:
    return f"mesibo_module_{source}_init"


BROKEN = [
    Broken(
        "check/refusing",
        "init.loads",
        Outcome.WARNING,  # it may want items
        init_of("refusing"),
        "sdk2020",
        evidence="expected mesibo_module_refusing_init to return 0, given no items, it returned "
        "-7; it logged: the license has run out",
    ),
    Broken(
        "check/refusing",
        "init.loads",
        FAILED,
        init_of("refusing"),
        "sdk2019",
        items={"port": "80"},
        evidence="expected mesibo_module_refusing_init to return 0, given the items port, it "
        "returned -7; it logged: the license has run out",
    ),
    Broken(
        "check/no_code",
        "init.loads",
        FAILED,
        init_of("no_code"),
        evidence="expected a function in mod->on_call, or NULL, found 0x",
    ),
    Broken(
        "check/any_size",
        "init.wrong-size",
        FAILED,
        init_of("any_size"),
        evidence="expected MESIBO_RESULT_FAIL for a len of 0, its own is 96; it returned 0",
    ),
    Broken("check/any_signature", "init.wrong-signature", FAILED, init_of("any_signature")),
    Broken(
        "check/any_version",
        "init.wrong-version",
        FAILED,
        init_of("any_version"),
        "sdk2020",
        evidence="expected MESIBO_RESULT_FAIL for version 2, its own is 1",
    ),
    Broken("check/any_version", "init.wrong-version", FAILED, init_of("any_version"), "sdk2019"),
    Broken(
        "check/reserved_word",
        "init.struct",
        FAILED,
        init_of("reserved_word"),
        "sdk2020",
        evidence="expected 0x0 at byte 144 (reserved_3), found 0x2a",
    ),
    Broken(
        "check/names_itself",
        "init.struct",
        Outcome.WARNING,
        init_of("names_itself"),
        "sdk2020",
        evidence="at byte 16 (name), found 0x",
    ),
    Broken(
        "check/late_word",
        "init.struct",
        FAILED,
        "on_message",
        "sdk2019",
        evidence="expected 0x0 at byte 40 (config), found 0x",
    ),
    Broken(
        "check/behind_struct",
        "init.struct",
        CRASHED,
        init_of("behind_struct"),
        evidence="it wrote byte 96 of the module struct, which has the bytes 0 to 95",
    ),
    Broken(
        "check/before_struct",
        "init.struct",
        CRASHED,
        "on_message",
        evidence="it wrote the byte 8 before the module struct, which has the bytes 0 to 95",
    ),
    Broken(
        "check/writes_struct",
        "lifecycle.struct",
        FAILED,
        "on_login",
        "sdk2020",
        evidence="(signature), found 0x0",
    ),
    Broken(
        "check/counts_answers",
        "lifecycle.struct",
        FAILED,
        evidence="(signature), found 0x",
    ),
    Broken(
        "check/needs_config",
        "init.no-configuration",
        CRASHED,
        init_of("needs_config"),
        "sdk2020",
        items={"port": "80"},
        evidence="it read at address 0x0: a NULL pointer",
    ),
    Broken(
        "check/needs_item",
        "init.missing-items",
        CRASHED,
        "port_of",
        "sdk2019",
        items={"port": "80", "host": "there"},
        evidence="it read at address 0x0: a NULL pointer",
    ),
    Broken(
        "check/trusts_item",
        "init.absurd-items",
        CRASHED,
        init_of("trusts_item"),
        "sdk2020",
        items={"parts": "4"},
        evidence="expected a number that can be divided by, found 0",
    ),
    Broken(
        "check/one_state",
        "lifecycle.twice",
        CRASHED,
        "on_message",
        "sdk2020",
        evidence="at address 0x0: a NULL pointer",
    ),
    Broken("check/single", "lifecycle.twice", FAILED, init_of("single"), "sdk2020"),
    Broken(
        "check/once",
        "lifecycle.again",
        CRASHED,
        init_of("once"),
        "sdk2020",
        evidence="at address 0x0: a NULL pointer",
    ),
    Broken(
        "check/only_once",
        "lifecycle.again",
        FAILED,
        "on_cleanup",
        "sdk2020",
        evidence="expected 0 as before its cleanup, found -1; it logged: ended already, after 2",
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.check} {b.source} {b.revision}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    library = broken.build(tmp_path)
    found_exactly(broken, mesibo_abi.check(library, config=broken.items))


def test_a_division_by_an_item_is_told_where_the_number_may_come_from(tmp_path: Path) -> None:
    broken = Broken("check/trusts_item", "", CRASHED, revision="sdk2020")
    report = mesibo_abi.check(
        broken.build(tmp_path), config={"parts": "4"}, only=["init.absurd-items"]
    )
    (finding,) = report["init.absurd-items"].findings
    assert finding.cure == (
        "compare with 0 before you divide by what came from elsewhere: in a message, in an answer, "
        "or as the value of an item"
    )
