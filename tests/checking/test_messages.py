"""Messages, params and events: each broken module is caught by exactly one check, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Outcome
from tests.checking.broken import Broken, found_exactly
from tests.tools import needs

pytestmark = needs("cc", "c++", "addr2line")

FAILED, CRASHED = Outcome.FAILED, Outcome.CRASHED


def on_message(
    source: str, check: str, evidence: str, revision: str = "doc2019", function: str = "on_message"
) -> Broken:
    """One that crashes in a callback."""
    return Broken(f"check/{source}", check, CRASHED, function, revision, evidence=evidence)


NULL = "it read at address 0x0: a NULL pointer"
BROKEN = [
    on_message(
        "reads_string",
        "messages.no-nul",
        "it read byte 11 of the message, which has the bytes 0 to 10 (in ",
    ),
    on_message(
        "logs_string",
        "messages.no-nul",
        "it read byte 11 of the message, which has the bytes 0 to 10 (in ",
        "sdk2020",
    ),
    on_message(
        "puts_nul",
        "messages.no-nul",
        "it wrote byte 11 of the message, which has the bytes 0 to 10",
        "sdk2020",
    ),
    on_message(
        "reads_before",
        "messages.bounds",
        "it read the byte 1 before the message, which has the bytes 0 to 3",
    ),
    Broken(
        "check/writes_before",
        "messages.bounds",
        FAILED,
        "on_message",
        "sdk2020",
        evidence="expected nothing to be written there, found 0x3e at byte -1 of the message",
    ),
    on_message(
        "reads_last",
        "messages.empty",
        "it read the byte 1 before the message, which has none",
    ),
    on_message("copies_string", "messages.nul-inside", NULL),
    on_message(
        "trusts_utf8",
        "messages.not-utf8",
        "it read byte 1 of the message, which has the bytes 0 to 0",
    ),
    on_message("fills_stack", "messages.huge", "below the end of the stack"),
    on_message(
        "writes_const",
        "messages.const",
        "it wrote byte 0 of the message, which is const",
        "sdk2019",
    ),
    on_message(
        "keeps_message",
        "messages.kept",
        "it read byte 0 of the message after the call it was handed to",
    ),
    on_message(
        "keeps_address",
        "messages.kept",
        "it read byte 0 of the address params->from after the call it was handed to",
        "sdk2020",
        "on_cleanup",
    ),
    Broken(
        "check/returns_length",
        "messages.results",
        FAILED,
        "on_message",
        evidence="expected MESIBO_RESULT_PASS (0) or MESIBO_RESULT_CONSUMED (1), or "
        "MESIBO_RESULT_FAIL (-1) where it fails, got 11",
    ),
    on_message("throws", "messages.ordinary", "it aborted"),
    Broken(
        "check/forks",
        "messages.empty",
        FAILED,
        "on_message",
        evidence="expected it to return once, it forked and both processes came back",
    ),
    on_message(
        "longer_params",
        "params.bounds",
        "it read byte 80 of the params, which has the bytes 0 to 79",
    ),
    on_message("trusts_type", "params.extremes", "where nothing of its own is"),
    on_message("needs_address", "params.null-addresses", NULL, "sdk2020"),
    on_message(
        "short_address",
        "params.addresses",
        "of the address params->from, which has the bytes 0 to 0",
    ),
    on_message(
        "trusts_status",
        "events.status",
        "where nothing of its own is",
        function="on_message_status",
    ),
    on_message("needs_data", "events.others", NULL, "sdk2020", "on_config"),
    on_message(
        "long_login",
        "events.others",
        "it read byte 1 of the address, which has the bytes 0 to 0",
        "sdk2020",
        "on_login",
    ),
    on_message(
        "keeps_user",
        "messages.kept",
        "it read byte 8 of the user after the call it was handed to",
        "sdk2019",
        "on_login",
    ),
    Broken(
        "check/frees_struct",
        "lifecycle.cleanup",
        CRASHED,
        "cleanup",
        evidence="expected it to return, it aborted",
    ),
]


ON_COMMAND = {
    "n": "messages.no-nul",
    "h": "messages.huge",
    "c": "messages.const",
    "r": "messages.results",
    "t": "params.null-addresses",
    "x": "params.extremes",
    "k": "messages.kept",
}


@pytest.mark.parametrize(("what", "check"), ON_COMMAND.items(), ids=ON_COMMAND.values())
def test_a_rule_that_is_broken_at_a_command_alone(what: str, check: str, tmp_path: Path) -> None:
    """It stands among the constants of the module."""
    outcome = FAILED if check == "messages.results" else CRASHED
    flags = (f"-DBREAK='{what}'", "-w")
    broken = Broken("check/on_command", check, outcome, extra_args=flags)
    found_exactly(broken, mesibo_abi.check(broken.build(tmp_path)))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.check} {broken.source}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    library = broken.build(tmp_path)
    found_exactly(broken, mesibo_abi.check(library, config=broken.items))


@pytest.mark.parametrize(
    ("flags", "function", "signal"),
    [
        (("-fstack-protector-all", "-O2"), "copy", "SIGABRT"),
        (("-fstack-protector-all", "-O0"), "copy", "SIGABRT"),
        (("-fno-stack-protector", "-O2"), "copy", "SIGSEGV"),
        (("-fno-stack-protector", "-O0", "-DCOPY"), "on_message", "SIGSEGV"),
    ],
)
def test_a_stack_that_was_written_over(
    flags: tuple[str, ...], function: str, signal: str, tmp_path: Path
) -> None:
    """To walk that stack may be a fault of its own: the place is found all the same."""
    broken = Broken("smash", "", CRASHED, extra_args=("-U_FORTIFY_SOURCE", *flags))
    library = broken.build(tmp_path)
    (result,) = mesibo_abi.check(library, only=["messages.ordinary"])
    (finding,) = result.findings
    assert result.outcome == CRASHED
    assert f"on_message ended the process with {signal}" in finding.what
    assert finding.where is not None
    assert finding.where.startswith(f"{function}, {broken.path}:")
