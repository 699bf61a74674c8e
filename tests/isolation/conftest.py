"""Isolated modules, and that nothing of them is left."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

import mesibo_abi
from tests.common import Common
from tests.conftest import SOURCES
from tests.isolation.left import Left


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No process, descriptor or shared memory."""
    before = Left.now()
    yield
    gc.collect()  # a host has a descriptor of its own as long as it is there
    assert Left.now() == before


@pytest.fixture(scope="session")
def stumble(common: Common) -> Path:
    """The module of stumbling.py."""
    source = SOURCES / "sdk2020" / "stumble.c"

    def make(output: Path) -> None:
        mesibo_abi.build(source, output=output, revision="sdk2020", extra_args=["-g"])

    return common.made("mesibo_mod_stumble.so", make, source, "-g")
