"""What modules in the field do and should not. They are compiled as the vendor's make does it, and
again with optimisation; nothing in them is ours."""

from __future__ import annotations

import re

import pytest

from mesibo_abi import Host, Message, Result, Revision, User

from .conftest import OPTIMISED, REVISIONS, UNTAGGED, VENDOR, Sdk

everywhere = pytest.mark.parametrize("revision", REVISIONS)
both_ways = pytest.mark.parametrize("command", [VENDOR, OPTIMISED], ids=["vendor", "optimised"])
Command = tuple[str, ...]


@pytest.fixture
def sloppy(host: Host, sdk: Sdk, revision: Revision, command: Command) -> Host:
    path = sdk(revision, "sloppy", UNTAGGED, command=command)
    host.load("sloppy", path, config={"key": "value"})
    return host


def texts(host: Host, message: str) -> list[str]:
    verdict = host.process(Message(message, to="bob"))
    assert verdict.result is Result.PASS
    assert verdict.sent == []
    return [record.text for record in verdict.logs]


@everywhere
@both_ways
def test_what_is_sent_is_copied_at_once(sloppy: Host) -> None:
    """Params, their strings and the bytes are used again, or freed, as soon as the call returns."""
    sent = sloppy.process(Message("reuse")).sent
    assert [(message.payload, message.to) for message in sent] == [
        (b"first", "bob"),
        (b"second", "bob"),
    ]


@everywhere
@both_ways
@pytest.mark.parametrize(("message", "size"), [("long", 2**40), ("negative", 2**64 - 1)])
def test_a_length_beyond_the_buffer(sloppy: Host, message: str, size: int) -> None:
    refusal, result = texts(sloppy, message)
    assert re.fullmatch(
        rf"send refused: the message at 0x[0-9a-f]+ is said to have {size} bytes, but only \d+ can "
        "be read; pass the length of the buffer that is sent",
        refusal,
    )
    assert result == "refused: -1"


@everywhere
@both_ways
def test_pointers_that_are_none(sloppy: Host) -> None:
    lines = texts(sloppy, "wild")
    assert [line for line in lines if line.startswith("refused")] == ["refused: -1"] * 5
    assert [line for line in lines if not line.startswith("refused")] == [
        "send refused: params is NULL; pass a mesibo_message_params_t",
        "send refused: the message is NULL but said to have 1 bytes",
    ]


@everywhere
@both_ways
def test_a_name_and_a_config_that_the_module_overwrites(sloppy: Host) -> None:
    (module,) = sloppy.modules
    assert texts(sloppy, "overwrite") == ["still value"]
    assert (module.name, module.declared_name) == ("sloppy", "another")
    module.close()  # it has no on_cleanup
    assert module.kept is None
    assert list(sloppy.logs) == []


@everywhere
@both_ways
def test_only_32_bits_of_a_result_count(
    host: Host, sdk: Sdk, revision: Revision, command: Command
) -> None:
    module = host.load("bits", sdk(revision, "high_bits", UNTAGGED, command=command))
    assert host.process(Message("ab")).result is Result.PASS
    assert host.process(Message("a")).result is Result.CONSUMED
    assert host.login(User("ann")).returned == ((module, 1),)
    module.close()
    assert module.closed


@everywhere
@both_ways
def test_strtok_on_the_items(host: Host, sdk: Sdk, revision: Revision, command: Command) -> None:
    path = sdk(revision, "items", UNTAGGED, command=command)
    for label in ("one", "two"):
        host.load(label, path, config={"words": "a,b,c"})
    words = [(record.module, record.text) for record in host.logs if "word " in record.text]
    assert words == [(label, f"word {word}") for label in ("one", "two") for word in "abc"]
