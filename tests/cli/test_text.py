"""Text for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Error
from mesibo_abi.cli.text import in_words, printable
from mesibo_abi.text import utf8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("grüße", "grüße"),
        ("\x1b[2J\a\0\n", "\\x1b[2J\\x07\\x00\\n"),
        ("b\udcffb", "b\\xffb"),
        ("\u202eevil", "\\u202eevil"),
    ],
)
def test_nothing_that_a_terminal_would_obey(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.binary())
def test_any_bytes_can_be_shown(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert printable(text).isprintable()
    utf8(text).encode()


def test_an_error_with_its_notes() -> None:
    error = Error("a", detail="b", hint="c")
    error.add_note("asked for in line 3")
    assert in_words(error) == "a\n  b\n  hint: c\nasked for in line 3"
    assert in_words(ValueError("x")) == "ValueError: x"
