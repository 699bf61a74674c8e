"""What the markers of a test say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ..errors import InputError
from ..types import Revision

_REVISION, _CONFIG, _CRASHES = "mesibo_revision", "mesibo_config", "mesibo_crashes"
_PREFIX = "mesibo_"


def check_markers(item: pytest.Item) -> None:
    """Fails the test, in words, where one of its markers is none, or is used in a wrong way."""
    wrong = None
    try:
        for mark in item.iter_markers():
            if mark.name.startswith(_PREFIX):
                _check(mark)
    except InputError as error:
        wrong = str(error)
    if wrong is not None:
        pytest.fail(wrong, pytrace=False)


def revision_of(item: pytest.Item) -> Revision | None:
    """The revision of the closest marker; None: there is none."""
    mark = item.get_closest_marker(_REVISION)
    return None if mark is None else _revision(mark)


def items_of(item: pytest.Item) -> dict[str, str]:
    """The items of all its markers; of two with the same name that of the closer one."""
    items: dict[str, str] = {}
    for mark in reversed(list(item.iter_markers(_CONFIG))):
        items |= _items(mark)
    return items


def may_crash(item: pytest.Item) -> bool:
    """Whether crashes of modules are what it is about."""
    return item.get_closest_marker(_CRASHES) is not None


def _check(mark: pytest.Mark) -> None:
    if mark.name == _REVISION:
        _revision(mark)
    elif mark.name == _CONFIG:
        _items(mark)
    elif mark.name != _CRASHES:
        known = ", ".join((_REVISION, _CONFIG, _CRASHES))
        raise _wrong(mark, f"one of {known}", f"@pytest.mark.{mark.name}", "look at its name")
    elif mark.args or mark.kwargs:
        raise _wrong(mark, "no arguments", _arguments(mark), "leave them out")


def _revision(mark: pytest.Mark) -> Revision:
    if len(mark.args) == 1 and not mark.kwargs and mark.args[0] in list(Revision):
        return Revision(mark.args[0])
    known = ", ".join(repr(revision.value) for revision in Revision)
    raise _wrong(mark, f"one of {known}", _arguments(mark), 'such as mesibo_revision("sdk2020")')


def _items(mark: pytest.Mark) -> dict[str, str]:
    given = mark.args[0] if len(mark.args) == 1 else {}
    if len(mark.args) <= 1 and isinstance(given, Mapping):
        items = {**given, **mark.kwargs}
        if items and all(isinstance(text, str) for pair in items.items() for text in pair):
            return items
    hint = 'such as mesibo_config(log="1"), or mesibo_config({"a-key": "its value"})'
    raise _wrong(mark, "items whose names and values are str", _arguments(mark), hint)


def _arguments(mark: pytest.Mark) -> str:
    words = [*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())]
    return f"({', '.join(words)})"


def _wrong(mark: pytest.Mark, expected: str, found: str, hint: str) -> InputError:
    return InputError(
        f"the marker {mark.name} is used in a wrong way",
        detail=f"expected {expected}, found {found}",
        hint=hint,
    )
