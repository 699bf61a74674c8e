"""A server and a client for the tests of the services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http_server import http_server
from tests.services.recorder import Client


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with http_server() as url:
        yield url


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()
