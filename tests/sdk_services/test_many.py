"""Thousands of requests at once, and a module that is slow."""

from __future__ import annotations

import json
import re
import resource
import time
import urllib.request
from collections.abc import Iterator

import pytest

from mesibo_abi import Host, Message
from tests.http_server import http_server
from tests.sdk_services.conftest import BuiltFor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

MANY = 5000
DESCRIPTORS = MANY + 1000


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """As many descriptors as that takes, here and in the server."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, DESCRIPTORS)
    assert hard == resource.RLIM_INFINITY or hard >= wanted, "the hard limit is too low"
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def counts(host: Host) -> tuple[int, int, int]:
    """Accepted, ended, and ended more than once, as the module counted them."""
    lines = [record.text for record in host.logs]
    (line,) = [line for line in lines if "accepted" in line]
    found = re.fullmatch(r"(\d+) accepted, (\d+) ended, (\d+) more than once", line)
    assert found is not None
    accepted, ended, more = map(int, found.groups())
    return accepted, ended, more


def wait_for_open(host: Host, count: int) -> None:
    deadline = time.monotonic() + 20
    while host.open_requests() < count:
        assert time.monotonic() < deadline, host.open_requests()
        time.sleep(0.01)


def test_thousands_open_at_once(many_descriptors: None, built_for: BuiltFor) -> None:
    """The server answers none of them before it has all."""
    with http_server() as url, Host() as host:
        module = host.load("storm", built_for("sdk2020", "storm"))
        host.process(Message(f"{url}/gather/{MANY}", id=MANY))
        wait_for_open(host, 1)
        assert host.wait_idle(40)
        with urllib.request.urlopen(f"{url}/stats") as answer:
            assert json.load(answer)["most"] >= MANY
        module.close()
        assert counts(host) == (MANY, MANY, 0)


@pytest.mark.parametrize("open_first", [0, 100, MANY])
def test_a_host_that_closes_with_thousands_open(
    many_descriptors: None, built_for: BuiltFor, open_first: int
) -> None:
    with http_server() as url:
        with Host() as host:
            host.load("storm", built_for("sdk2020", "storm"))
            host.process(Message(f"{url}/stall-headers", id=MANY))
            wait_for_open(host, open_first)
        accepted, ended, more = counts(host)
        assert accepted == ended
        assert accepted >= open_first
        assert more == 0


def test_a_slow_module_delays_callbacks_and_no_transfer(
    host: Host, built_for: BuiltFor, server: str
) -> None:
    """Its callback takes a second. Meanwhile the others' answers, half a second long, come in."""
    host.load("drowsy", built_for("sdk2020", "drowsy"))
    others = host.load("others", built_for("sdk2020", "http_calls"))
    host.modules[0].on_message(Message(f"{server}/bytes/1"))
    for number in range(20):
        others.on_message(Message(f"{server}/slow/5/100", to=None, from_=None, id=number))
    assert host.wait_idle(10)
    records = list(host.logs)
    (awake,) = [record.time for record in records if record.text == "awake"]
    ends = [record.time for record in records if record.text.endswith(": close 0")]
    assert len(ends) == 20
    assert all(awake < end < awake + 0.4 for end in ends)
