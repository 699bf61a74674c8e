"""What callers pass, refused in words."""

from __future__ import annotations

import array
import os
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi.checks import as_bytes, as_path, as_text, as_word, check_callable


class Named:
    """What has a path, as an entry of a folder has."""

    def __init__(self, name: Any) -> None:
        self.name = name

    def __fspath__(self) -> Any:
        return self.name

    def __repr__(self) -> str:
        return "Named()"


def test_paths(tmp_path: Path) -> None:
    assert as_path("x", "a/b") == as_path("x", Path("a/b")) == as_path("x", Named("a/b"))
    (tmp_path / "file").touch()
    (entry,) = os.scandir(tmp_path)
    assert as_path("x", entry) == tmp_path / "file"


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (5, "pass the path of a file"),
        (None, "pass the path of a file"),
        (b"a", "decode it with os.fsdecode"),
        (Named(b"a"), "decode it with os.fsdecode"),
    ],
    ids=repr,
)
def test_what_is_no_path(value: object, hint: str) -> None:
    with pytest.raises(TypeError) as caught:
        as_path("the file", value)
    assert str(caught.value) == (
        f"the file is of the wrong type: expected str or a path, got {value!r}; {hint}"
    )


def test_text() -> None:
    assert as_text("x", "a") == "a"
    with pytest.raises(TypeError) as caught:
        as_text("the name", b"a")
    assert str(caught.value) == "the name is of the wrong type: expected str, got b'a'; pass text"


def test_words() -> None:
    assert [as_word("x", value) for value in (0, 2**64 - 1, True)] == [0, 2**64 - 1, 1]
    with pytest.raises(TypeError) as caught:
        as_word("flags", "1")
    assert str(caught.value) == ("flags is of the wrong type: expected int, got '1'; pass a number")
    for value in (-1, 2**64):
        with pytest.raises(OverflowError) as caught_other:
            as_word("flags", value)
        assert str(caught_other.value) == (
            f"flags does not fit: expected 0 to 2**64 - 1, got {value}; pass a number that does"
        )


def test_bytes() -> None:
    assert as_bytes("x", "é") == "é".encode()
    for value in (b"ab", bytearray(b"ab"), memoryview(b"ab"), array.array("B", b"ab")):
        assert as_bytes("x", value) == b"ab"


def test_what_is_no_bytes() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError) as caught:
        as_bytes("post", wrong)
    assert str(caught.value) == (
        "post is of the wrong type: expected str, bytes or a buffer, got 5; pass one of them"
    )
    with pytest.raises(ValueError, match="post") as caught_other:
        as_bytes("post", "a\udc80")
    assert str(caught_other.value) == (
        "post cannot be written as UTF-8: character 1 is '\\udc80'; pass bytes to send what is not "
        "text"
    )


def test_callables() -> None:
    check_callable("x", None)
    check_callable("x", print)
    with pytest.raises(TypeError) as caught:
        check_callable("on_data", 5)
    assert str(caught.value) == (
        "on_data is of the wrong type: expected a callable or None, got 5; pass a function"
    )
