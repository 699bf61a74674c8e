"""An isolated module signals itself and its children, and not those that run it."""

from __future__ import annotations

import os

from mesibo_abi import Host, Message
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc")


def test_whom_it_may_signal(host: Host, built: Built) -> None:
    host.load("signals", built("signals"), isolated=True)
    assert [line.text for line in host.process(Message(str(os.getpid()))).logs] == [
        "child: 0",
        "self: 0",
        "own group: 0",
        "host: EPERM",
        "group of the host: EPERM",
        "parent: EPERM",
        "group of the parent: EPERM",
        "all: EPERM",
    ]
