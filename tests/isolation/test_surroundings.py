"""What a module finds around it is what it finds in the process of its host."""

from __future__ import annotations

import pytest

from mesibo_abi import Host, Message
from tests.conftest import Built
from tests.running import Ended, run
from tests.tools import needs

pytestmark = needs("cc")


@pytest.mark.parametrize("isolated", [False, True])
def test_locale_and_pipes(host: Host, built: Built, isolated: bool) -> None:
    host.load("surroundings", built("surroundings"), isolated=isolated)
    verdict = host.process(Message("hello"))
    assert [line.text for line in verdict.logs] == ["5 letters", "-1, EPIPE"]


def test_what_it_printed_is_there_also_where_it_ends(built: Built) -> None:
    program = f"""
        from mesibo_abi import Host, Message
        with Host() as host:
            host.load("surroundings", {str(built("surroundings"))!r}, isolated=True)
            host.process(Message("hello"))
            host.process(Message("abort"))
    """
    assert run(program) == Ended(0, "printed for hello\nprinted for abort\n")
