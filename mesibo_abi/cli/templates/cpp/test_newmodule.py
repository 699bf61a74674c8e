"""Tests of newmodule, in a host as on a server: `make test`, or pytest in this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Host, Message, Result

SOURCE = Path(__file__).with_name("newmodule.cpp")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module, compiled from its source as it is now."""
    return mesibo_abi.build(SOURCE, output=tmp_path_factory.mktemp("build"), revision="doc2019")


@pytest.fixture
def host(library: Path) -> Iterator[Host]:
    """A host with the module alone in its chain."""
    with Host() as host:
        host.load("newmodule", library, config={"log": "1"})
        yield host


def test_answers_ping(host: Host) -> None:
    """The sender gets the answer, and the recipient nothing."""
    verdict = host.process(Message("ping", from_="alice", to="bob", id=7))
    assert verdict.result is Result.CONSUMED
    assert verdict.sent == [Message("pong", from_="bob", to="alice", refid=7, module="newmodule")]
    assert [record.text for record in verdict.logs] == ["answered alice"]


@pytest.mark.parametrize("text", ["", "hello", "pin", "pings", "ping\0"])
def test_lets_other_messages_pass(host: Host, text: str) -> None:
    """They reach the recipient as they are."""
    verdict = host.process(Message(text, from_="alice", to="bob"))
    assert verdict.result is Result.PASS
    assert verdict.sent == []
