"""Tables made of lists."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.bridge.tables import table_of_lists
from tests.fields import ADDRESSES, WORDS, text_of


@given(rows=st.lists(st.tuples(ADDRESSES, ADDRESSES.map(text_of), WORDS)))
def test_lists_as_columns(rows: list[tuple[str | bytes | None, str | None, int]]) -> None:
    raw = [text for text, _, _ in rows]
    texts = [text for _, text, _ in rows]
    words = [word for _, _, word in rows]
    table = pa.table(table_of_lists({"raw": raw, "text": texts}, {"word": words}))
    assert len(table) == len(rows)
    for name, given_ in (("raw", raw), ("text", texts)):
        expected = [
            text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
            for text in given_
        ]
        assert table.column(name).cast(pa.large_binary()).to_pylist() == expected
    assert table.column("word").to_pylist() == words


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["ä", None], "large_string"),
        (["ä", b"\xff"], "large_binary"),
        (["\udcff"], "large_binary"),
    ],
)
def test_what_is_all_text_is_text(texts: list[str | bytes | None], kind: str) -> None:
    assert str(pa.table(table_of_lists({"a": texts}, {})).schema.field("a").type) == kind


def test_lists_of_different_lengths() -> None:
    with pytest.raises(ValueError, match=r"expected one length, got \[1, 2\]"):
        table_of_lists({"a": ["x"]}, {"b": [1, 2]})


@pytest.mark.parametrize("word", [-1, 2**64])
def test_a_word_that_does_not_fit(word: int) -> None:
    with pytest.raises(OverflowError):
        table_of_lists({}, {"a": [word]})


@pytest.mark.parametrize(("texts", "words"), [({"a": [1]}, {}), ({}, {"a": ["1"]})])
def test_values_of_the_wrong_type(
    texts: dict[str, list[str | None]], words: dict[str, list[int]]
) -> None:
    with pytest.raises(TypeError):
        table_of_lists(texts, words)
