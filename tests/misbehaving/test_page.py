"""Each misbehaviour is what docs/misbehaviours.md says of it, and none takes a host down that
isolates it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.misbehaving.catalogue import ALL, GROUPS, MODULES, Misbehaviour
from tests.misbehaving.observing import Observed, observe
from tests.misbehaving.page import PAGE, Row, read_rows, row_of
from tests.misbehaving.playing import Played
from tests.tools import needs

pytestmark = [needs("cc", "c++", "addr2line"), pytest.mark.timeout(600)]


@pytest.mark.parametrize("group", GROUPS)
def test_all_of_them(group: str, tmp_path: Path) -> None:
    """Isolated, the host goes on: the next message comes by, through the neighbours as well, and
    nothing of this process is changed or left behind. Each end is reported. And the page says what
    was observed."""
    rows = read_rows(PAGE)
    seen = observe(GROUPS[group], tmp_path)
    wrong = [
        f"{what.name}: {words}"
        for what in GROUPS[group]
        for words in faults(what, seen[what.name], rows.get(what.name))
    ]
    assert not wrong, "\n".join([*wrong, "where that is as it should be: make misbehaviours"])


def faults(what: Misbehaviour, observed: Observed, row: Row | None) -> list[str]:
    """What is not as it should be, in words."""
    there = observed.there
    found = [] if there.goes_on else ["the host did not go on, isolated"]
    if tuple(there.changed) != what.shows:
        found.append(f"isolated, it changed of the host: {there.changed}")
    end = there.kind if there.kind in ("ModuleCrashed", "ModuleHung") else None
    expected = what.ends.__name__ if what.ends is not None else None
    if end != expected:
        found.append(f"expected {expected} to be reported, found {end}")
    if row is None:
        return [*found, "the page does not have it"]
    written, now = asdict(row), asdict(row_of(what, observed))
    return found + [
        f"{column}: the page says {written[column]!r}, observed was {now[column]!r}"
        for column in now
        if written[column] != now[column]
    ]


def test_what_is_wrong_is_found() -> None:
    """In the words that a reader gets."""
    what = next(each for each in ALL if each.name == "null_read")
    good = Observed("ends: SIGSEGV", Played("ModuleCrashed", "a read", True, []), ("a.b",))
    row = row_of(what, good)
    assert faults(what, good, row) == []
    bad = Observed("hangs", Played("", "", False, ["descriptors"]), ())
    assert faults(what, bad, row) == [
        "the host did not go on, isolated",
        "isolated, it changed of the host: ['descriptors']",
        "expected ModuleCrashed to be reported, found None",
        "in_process: the page says 'ends: SIGSEGV', observed was 'hangs'",
        "isolated: the page says 'goes on: ModuleCrashed', observed was "
        "'does not go on; changed: descriptors'",
        "check: the page says '`a.b`', observed was 'nothing'",
        "reported: the page says 'ModuleCrashed: a read', observed was 'nothing'",
    ]


def test_the_page_has_no_others() -> None:
    assert list(read_rows(PAGE)) == [what.name for what in ALL]


def test_there_are_many() -> None:
    assert len({what.name for what in ALL}) == len(ALL) >= 40
    sources = {path.stem for path in (MODULES / "misbehaving").glob("*.c*")}
    assert sources <= {what.name for what in ALL}
