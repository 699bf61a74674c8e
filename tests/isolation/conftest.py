"""Isolated modules, and that nothing of them is left."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.isolation.left import Left


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No process, descriptor or shared memory."""
    before = Left.now()
    yield
    gc.collect()  # a host has a descriptor of its own as long as it is there
    assert Left.now() == before
