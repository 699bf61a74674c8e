"""The items of a module's configuration: per load, writable, and valid until after cleanup."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Revision

from .conftest import REVISIONS, Sdk

both = pytest.mark.parametrize("revision", REVISIONS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), max_size=300)


def lines(host: Host) -> list[str]:
    return [record.text for record in host.logs]


def processed(host: Host) -> list[str]:
    return [record.text for record in host.process(Message()).logs]


@both
def test_items_from_init_to_cleanup(host: Host, sdk: Sdk, revision: Revision) -> None:
    """The module cuts one up with strtok, and finds all of them until the end."""
    module = host.load("items", sdk(revision, "items"), config={"words": "a,b", "empty": ""})
    assert lines(host)[1:] == [
        "missing: NULL",
        "NULL: NULL",
        "init 0: words = a,b",
        "init 1: empty = ",
        "word a",
        "word b",
    ]
    assert processed(host) == ["message 0: words = a", "message 1: empty = "]
    module.close()
    assert lines(host) == ["cleanup 0: words = a", "cleanup 1: empty = "]


@both
def test_the_same_library_with_different_items(host: Host, sdk: Sdk, revision: Revision) -> None:
    """Its globals are shared, its items are not."""
    path = sdk(revision, "items")
    for words in ("one,two", "three,four"):
        host.load("items", path, config={"words": words})
    first, second = (int(line[5:]) for line in lines(host) if line.startswith("load "))
    assert second == first + 1
    assert processed(host) == ["message 0: words = one", "message 0: words = three"]
    host.modules[0].close()
    assert lines(host) == ["cleanup 0: words = one"]
    assert processed(host) == ["message 0: words = three"]


@both
def test_without_items_there_is_no_config(host: Host, sdk: Sdk, revision: Revision) -> None:
    host.load("items", sdk(revision, "items"), config={})
    assert lines(host)[1:] == ["missing: NULL", "NULL: NULL"]


@both
def test_the_callers_dictionary_is_not_written_to(host: Host, sdk: Sdk, revision: Revision) -> None:
    items = {"words": "a,b"}
    host.load("items", sdk(revision, "items"), config=items)
    assert items == {"words": "a,b"}
    host.load("again", sdk(revision, "items"), config=items)
    assert processed(host) == ["message 0: words = a"] * 2


@both
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(items=st.dictionaries(TEXTS.filter(lambda name: name not in ("words", "log")), TEXTS))
def test_items_of_any_text(host: Host, sdk: Sdk, revision: Revision, items: dict[str, str]) -> None:
    module = host.load("items", sdk(revision, "items"), config={"words": "w", **items})
    shown = [line for line in lines(host) if line.startswith("init ")]
    module.close()
    lines(host)
    expected = {"words": "w", **items}
    assert shown == [
        f"init {number}: {name} = {value}" for number, (name, value) in enumerate(expected.items())
    ]


@both
@pytest.mark.parametrize(
    ("item", "highest"), [(None, 0), ("0", 0), ("3", 3), (" 2 of 5", 2), ("all", 0), ("99", 4)]
)
def test_the_log_level(
    host: Host, sdk: Sdk, revision: Revision, item: str | None, highest: int
) -> None:
    config = {} if item is None else {"log": item}
    host.load("levels", sdk(revision, "levels"), config=config)
    # One newline of the two is taken off.
    assert processed(host) == [f"level {level}\n" for level in range(highest + 1)]


@both
def test_levels_are_a_modules_own(host: Host, sdk: Sdk, revision: Revision) -> None:
    for label, level in (("loud", "4"), ("quiet", "0")):
        host.load(label, sdk(revision, "levels"), config={"log": level})
    modules = [record.module for record in host.process(Message()).logs]
    assert modules == ["loud"] * 5 + ["quiet"]


@both
def test_log_is_an_item_like_others(host: Host, sdk: Sdk, revision: Revision) -> None:
    host.load("items", sdk(revision, "items"), config={"log": "1", "words": "w"})
    assert "init 0: log = 1" in lines(host)
