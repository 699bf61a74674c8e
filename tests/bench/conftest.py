"""The benchmark's workshop: everything compiled once, and opened for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mesibo_abi.bench.workshop import Workshop, open_workshop


@pytest.fixture(scope="module")
def shop(bench_cache: Path) -> Iterator[Workshop]:
    with open_workshop(quick=True) as shop:
        yield shop
