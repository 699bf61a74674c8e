"""What goes into a module comes out of it unchanged, but for what its revision has no word for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Result, Revision

from ..fields import SENDABLE, WORDS
from .conftest import REVISIONS, Sdk

ALL_FIELDS = st.builds(
    lambda message, status, sid, device: message.replace(status=status, sid=sid, device=device),
    SENDABLE,
    WORDS,
    WORDS,
    WORDS,
)
ONLY_2020 = {"status": 0, "sid": 0, "device": 0}


@pytest.mark.parametrize("revision", REVISIONS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=ALL_FIELDS)
def test_there_and_back(host: Host, sdk: Sdk, revision: Revision, message: Message) -> None:
    if not host.modules:
        host.load("echo", sdk(revision, "echo"))
    verdict = host.process(message)
    assert verdict.result is Result.PASS
    assert verdict.message is message
    lost = ONLY_2020 if revision == Revision.SDK2019 else {}
    assert verdict.sent == [message.replace(module="echo", **lost)]
