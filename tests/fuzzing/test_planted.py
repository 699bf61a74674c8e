"""Each planted bug is found from an empty corpus, and its file and its test tell it from the mended
module."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzzing.planted import PLANTED, Planted, check_reproducer
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_it_is_found(planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    check_reproducer(planted, tmp_path / "findings", monkeypatch)
    assert not list(here.iterdir())
