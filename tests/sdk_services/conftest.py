"""The modules of tests/modules/sdk2019 and sdk2020, and the fields of structs that they fill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

import mesibo_abi
from mesibo_abi import Revision
from tests.common import Common
from tests.conftest import SOURCES
from tests.headers.published import PUBLISHED


class BuiltFor(Protocol):
    """`built_for("sdk2020", "echo")` is the library of tests/modules/sdk2020/echo.c."""

    def __call__(self, revision: str, name: str) -> Path: ...


@pytest.fixture(scope="session")
def built_for(common: Common) -> BuiltFor:
    def build(revision: str, name: str) -> Path:
        source = SOURCES / revision / f"{name}.c"

        def make(output: Path) -> None:
            mesibo_abi.build(source, output=output, revision=revision)

        return common.made(f"mesibo_mod_{name}.so", make, source)

    return build


def fields_of(revision: Revision, tag: str) -> list[str]:
    """All fields that a struct is published with."""
    return [name for _, name, _ in PUBLISHED[revision].structs[tag][1]]


def table(fields: Mapping[str, object]) -> bytes:
    """A message that the modules *_fields.c read: the value of each field that they are to set."""
    return b"".join(f"{name}\0{value}\0".encode() for name, value in fields.items())
