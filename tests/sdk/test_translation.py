"""What goes into a module comes out of it unchanged, but for what its revision has no word for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Module, Result, Revision, User

from ..fields import ALL_FIELDS, USERS, WORDS, sendable
from .conftest import REVISIONS, Sdk

ONLY_2020 = {"status": 0, "sid": 0, "device": 0}


any_of = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("revision", REVISIONS)
@any_of
@given(message=ALL_FIELDS.map(sendable))
def test_there_and_back(host: Host, sdk: Sdk, revision: Revision, message: Message) -> None:
    if not host.modules:
        host.load("echo", sdk(revision, "echo"))
    verdict = host.process(message)
    assert verdict.result is Result.PASS
    assert verdict.message is message
    lost = ONLY_2020 if revision == Revision.SDK2019 else {}
    assert verdict.sent == [message.replace(module="echo", **lost)]


# ---- Into Python ---------------------------------------------------------------------------------


class Seer(Module):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []

    def on_message(self, message: Message) -> Result:
        self.seen.append(("message", message))
        return Result.PASS

    def on_message_status(self, message: Message, status: int) -> None:
        self.seen.append(("status", message, status))

    def on_login(self, user: User) -> None:
        self.seen.append(("login", user))

    def on_config(self, type: int, data: bytes | None) -> None:
        self.seen.append(("config", type, data))

    def take(self) -> list[tuple[object, ...]]:
        seen, self.seen = self.seen, []
        return seen


@pytest.fixture
def seer(host: Host) -> Seer:
    """Behind another, which sees every event first."""
    seer = Seer()
    host.load("first", Seer)
    host.load("seer", seer)
    return seer


@any_of
@given(message=ALL_FIELDS, status=WORDS)
def test_messages_and_statuses(host: Host, seer: Seer, message: Message, status: int) -> None:
    """Its own status is the message's own, beside the one that it is told."""
    host.process(message).raise_for_error()
    host.status(message, status).raise_for_error()
    assert seer.take() == [("message", message), ("status", message, status)]


@any_of
@given(user=USERS)
def test_logins(host: Host, seer: Seer, user: User) -> None:
    host.login(user).raise_for_error()
    host.modules[1].on_login(user)
    assert seer.take() == [("login", user)] * 2


@any_of
@given(type=WORDS, data=st.none() | st.binary(max_size=5000))
def test_config_events(host: Host, seer: Seer, type: int, data: bytes | None) -> None:
    """All of the data, NULs included: only a module in C cannot tell where it ends."""
    host.config(type, data).raise_for_error()
    host.modules[1].on_config(type, data)
    assert seer.take() == [("config", type, data)] * 2
