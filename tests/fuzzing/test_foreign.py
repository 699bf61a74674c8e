"""What a module calls that a server of its revision lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi.fuzzing.engines import open_engine
from mesibo_abi.fuzzing.subject import Subject
from tests.fuzzing.libraries import SOURCES
from tests.tools import needs

SOURCE = SOURCES / "fuzz" / "borrows.c"


def warns(subject: Subject) -> None:
    with pytest.warns(mesibo_abi.BuildWarning) as said, open_engine(subject):
        pass
    assert [str(warning.message) for warning in said] == [
        f"{subject.path}: imports what a host of its revision has not\n"
        "  expected functions of doc2019, which are in the module struct, found mesibo_util_usec\n"
        "  hint: call it through the module struct (mod->log and the like), or compile it against "
        "the header of sdk2020"
    ]


@needs("clang", "clang++")
@pytest.mark.slow
def test_sources_are_warned_of() -> None:
    warns(Subject(sources=(SOURCE,)))


@pytest.mark.filterwarnings("ignore::mesibo_abi.BuildWarning")
def test_a_library_is_warned_of(tmp_path: Path) -> None:
    library = mesibo_abi.build(SOURCE, output=tmp_path / "mesibo_mod_borrows.so")
    warns(Subject(library=library))
