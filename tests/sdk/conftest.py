"""The modules of tests/modules/sdk*, compiled for a revision when a test first asks for them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Protocol

import pytest

from mesibo_abi import Revision, get_include
from tests.common import Common
from tests.conftest import SOURCES

REVISIONS = (Revision.SDK2019, Revision.SDK2020)
UNTAGGED = "-DMESIBO_ABI_NO_TAG"
"""As built elsewhere: with none of our tags, but with debugging information."""
UNTOLD = (UNTAGGED, "-g0", "-s")
"""As UNTAGGED, and without that as well: imports are all that is left."""

VENDOR = ("g++", "-x", "c++", "-O0")
"""As the vendor's make compiles: with g++ even what is C, without -std and optimisation."""
OPTIMISED = ("g++", "-x", "c++", "-O2")
C = ("cc", "-O2")


class Sdk(Protocol):
    """`sdk(revision, "echo", "-DX=1")` is the library of the module echo, compiled for that
    revision; the source is in tests/modules/<revision>, or in tests/modules/sdk for both."""

    def __call__(
        self,
        revision: Revision,
        name: str,
        *options: str,
        command: tuple[str, ...] = ...,
        include: Path | None = ...,
    ) -> Path: ...


def source_of(revision: Revision, name: str) -> Path:
    own = list((SOURCES / revision).glob(f"{name}.c*"))
    return own[0] if own else SOURCES / "sdk" / f"{name}.c"


@pytest.fixture(scope="session")
def sdk(common: Common) -> Sdk:
    def build(
        revision: Revision,
        name: str,
        *options: str,
        command: tuple[str, ...] = C,
        include: Path | None = None,
    ) -> Path:
        flags = ["-g", "-fPIC", "-Wall", "-Werror", "-shared", f"-DMESIBO_MODULE={name}"]
        where = [f"-DREVISION={revision[-4:]}", "-I", str(include or get_include(revision))]
        how = [*command, *flags, *where, str(source_of(revision, name)), *options]

        def make(output: Path) -> None:
            subprocess.run([*how, "-o", str(output)], check=True, timeout=60)

        return common.made(f"mesibo_mod_{name}.so", make, *how)

    return build
