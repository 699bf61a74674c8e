"""Each planted bug is found from an empty corpus, and its file and its test tell it from the mended
module."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.reproducing import reproduce
from tests.fuzzing.planted import PLANTED, Planted, first_finding
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_it_is_found(planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    first = first_finding(planted)
    path, _ = files.write(first, planted.subject(), tmp_path / "findings")

    again = reproduce(path)
    assert again is not None
    assert again.signature == first.crash.signature

    monkeypatch.setenv("CPPFLAGS", "-DMENDED")
    assert reproduce(path) is None
    assert not list(here.iterdir())
