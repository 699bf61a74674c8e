"""Each planted bug is found from an empty corpus, and its file and its test tell it from the mended
module."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.reproducing import reproduce
from tests.fuzzing.planted import PLANTED, Planted, findings
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_it_is_found(planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with closing(findings(planted.subject())) as found:  # type: ignore[type-var]
        first = next(found)
    assert any(part in first.crash.signature for part in planted.found), first.crash.signature
    path, _ = files.write(first, planted.subject(), tmp_path / "findings")

    again = reproduce(path)
    assert again is not None
    assert again.signature == first.crash.signature

    monkeypatch.setenv("CPPFLAGS", "-DMENDED")
    assert reproduce(path) is None
    assert not list(here.iterdir())
