"""The binary interface is what it was: whoever changes a header says so by a new snapshot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mesibo_abi.paths import get_include
from mesibo_abi.types import Revision

from ..tools import needs

pytest.importorskip("clang.cindex", reason="needs libclang")
from . import snapshot

pytestmark = needs("cc", "nm")
HAS_ARM = pytest.mark.skipif(
    shutil.which("aarch64-linux-gnu-gcc") is None, reason="needs aarch64-linux-gnu-gcc"
)
TARGETS = [
    "x86_64-linux-gnu",
    pytest.param("aarch64-linux-gnu", marks=HAS_ARM),
]


def changed(what: str) -> str:
    return (
        f"{snapshot.path_of(what).name} is not what the headers say now; if the interface is meant "
        f"to change, run `{snapshot.COMMAND}` and look at what it changes"
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("revision", Revision)
def test_a_revision(revision: Revision, target: str) -> None:
    kept = snapshot.path_of(str(revision)).read_text()
    assert snapshot.snapshot(revision, target) == kept, changed(str(revision))


def test_what_the_host_exports() -> None:
    assert snapshot.exports() == snapshot.path_of("exports").read_text(), changed("exports")


def test_a_field_that_moves_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = tmp_path / "module.h"
    text = Path(get_include(Revision.SDK2020), "module.h").read_text()
    moved = text.replace("#define MESIBO_MODULE_VERSION 1\n", "#define MESIBO_MODULE_VERSION 2\n")
    header.write_text(moved)
    monkeypatch.setattr(snapshot, "get_include", lambda revision: str(tmp_path))
    now = snapshot.snapshot(Revision.SDK2020).splitlines()
    kept = snapshot.path_of("sdk2020").read_text().splitlines()
    assert set(now) ^ set(kept) == {"MESIBO_MODULE_VERSION = 1", "MESIBO_MODULE_VERSION = 2"}
