"""Thousands of requests at once, and a module that is slow."""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mesibo_abi import Host, Message
from tests.http_server import http_server
from tests.sdk_services.conftest import BuiltFor
from tests.services.recorder import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("anywhere"),
]

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
    deadline = time.monotonic() + 120
    while host.open_requests() < count:
        assert time.monotonic() < deadline, host.open_requests()
        time.sleep(0.01)


@pytest.mark.unsanitized(reason="so many connections take longer than the host gives them")
def test_thousands_open_at_once(many_descriptors: None, built_for: BuiltFor) -> None:
    """The server answers none of them before it has all."""
    with http_server() as url, Host() as host:
        module = host.load("storm", built_for("sdk2020", "storm"))
        host.process(Message(f"{url}/gather/{MANY}", id=MANY))
        wait_for_open(host, 1)
        assert host.wait_idle(120)
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


class Taken:
    """Answers connections, and counts those whose client has read all of the answer: it closes only
    then."""

    def __init__(self) -> None:
        self.count = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self, connections: int) -> None:
        with ThreadPoolExecutor(connections) as pool:
            for _ in range(connections):
                pool.submit(self._answer, self._listener.accept()[0])
        self._listener.close()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nthe answer")
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(1) == b"":
                self.count += 1


@pytest.mark.here  # which of the two is first is a race there: each call is a change of process
def test_a_slow_module_delays_callbacks_and_no_transfer(
    host: Host, built_for: BuiltFor, server: str, tmp_path: Path
) -> None:
    """It sleeps in a callback until twenty answers for another module have come in whole."""
    pipe = tmp_path / "bed"
    os.mkfifo(pipe)
    peer = Taken()
    serving = threading.Thread(target=peer.serve, args=(20,))
    drowsy = host.load("drowsy", built_for("sdk2020", "drowsy"))
    others = host.load("others", built_for("sdk2020", "http_calls"))
    for number in range(20):
        others.on_message(Message(peer.url, to=None, from_=None, id=number))
    drowsy.on_message(Message(f"{server}/bytes/1", to=str(pipe)))
    wait_until(lambda: "asleep" in [record.text for record in host.logs])
    serving.start()  # from here on nobody can call a module
    serving.join(30)
    assert peer.count == 20
    assert host.open_requests() == 21
    assert "awake" not in [record.text for record in host.logs]
    pipe.write_bytes(b"")
    assert host.wait_idle(30)
    texts = [record.text for record in host.logs]
    assert sorted(text for text in texts if "close" in text) == sorted(
        f"{number}: close 0" for number in range(20)
    )
    assert texts.index("awake") < min(texts.index(f"{number}: close 0") for number in range(20))
