"""Tests of newmodule, in a host as on a server: `make test`, or pytest in this folder.

The fixtures mesibo_* are those of the package mesibo_abi. The module runs in a process of its own:
where it crashes, the test fails and says where, and the next one begins with a fresh process.
"""

import pytest

from mesibo_abi import Host, Message, Result
from mesibo_abi.pytest_plugin.loading import ModuleLoader

pytestmark = [pytest.mark.mesibo_revision("doc2019"), pytest.mark.mesibo_config(log="1")]


@pytest.fixture
def host(mesibo_host: Host, mesibo_module: ModuleLoader) -> Host:
    """A host with the module alone in its chain, compiled from its source as it is now."""
    mesibo_module("newmodule.c")
    return mesibo_host


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
