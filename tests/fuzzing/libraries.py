"""The modules of tests/modules/fuzz, compiled when a test first asks for them."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import mesibo_abi
from mesibo_abi.fuzzing.subject import Subject

SOURCES = Path(__file__).parent.parent / "modules"
_REVISIONS = {
    "late": "doc2019",
    "lent": "doc2019",
    "pair": "doc2019",
    "line": "sdk2020",
    "relapse": "sdk2020",
    "greeted": "sdk2020",
    "secret": "sdk2020",
    "waits": "sdk2019",
}


@functools.cache
def library(name: str) -> Path:
    """mesibo_mod_<name>.so, where nobody else has it."""
    folder = Path(tempfile.mkdtemp(prefix="mesibo-fuzz-", dir=_home()))
    return mesibo_abi.build(
        SOURCES / "fuzz" / f"{name}.c",
        output=folder / f"mesibo_mod_{name}.so",
        revision=_REVISIONS[name],
    )


def subject(name: str, **options: object) -> Subject:
    """What is fuzzed."""
    # Its fields are of several types, which no type of a mapping can tell.
    return Subject(library=library(name), **options)  # type: ignore[arg-type]


@functools.cache
def _home() -> str:
    home = tempfile.TemporaryDirectory(prefix="mesibo-fuzzed-")
    _kept.append(home)
    return home.name


_kept: list[tempfile.TemporaryDirectory[str]] = []
