"""The modules of tests/modules/sdk2019 and sdk2020."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Protocol

import pytest

import mesibo_abi
from tests.conftest import SOURCES


class BuiltFor(Protocol):
    """`built_for("sdk2020", "echo")` is the library of tests/modules/sdk2020/echo.c."""

    def __call__(self, revision: str, name: str) -> Path: ...


@pytest.fixture(scope="session")
def built_for(tmp_path_factory: pytest.TempPathFactory) -> BuiltFor:
    @functools.cache
    def build(revision: str, name: str) -> Path:
        output = tmp_path_factory.mktemp(name) / f"mesibo_mod_{name}.so"
        source = SOURCES / revision / f"{name}.c"
        return mesibo_abi.build(source, output=output, revision=revision)

    return build
