"""Lines of input, from files and pipes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import InputError
from mesibo_abi.cli.source import Block, Source


def numbered(blocks: Iterator[Block]) -> list[tuple[int, bytes]]:
    return [pair for block in blocks for pair in enumerate(block.lines, block.first)]


def lines_of(path: Path) -> list[tuple[int, bytes]]:
    with Source(path) as source:
        assert source.size == path.stat().st_size
        return numbered(source.blocks())


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"\n\na\n", [b"", b"", b"a"]),
        (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", [b"a", b"\xef\xbb\xbfb"]),
    ],
)
def test_the_lines_of_a_file(data: bytes, lines: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(data)
    assert lines_of(path) == list(enumerate(lines, 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(sizes=st.lists(st.integers(0, 700_000), max_size=6))
def test_lines_longer_than_a_block(sizes: list[int], tmp_path: Path) -> None:
    lines = [b"%d" % number * size for number, size in enumerate(sizes, 1)]
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert lines_of(path) == list(enumerate(lines, 1))


def test_a_line_is_given_before_the_next_is_there(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)  # so that neither end waits for the other
    try:
        with Source(path) as source:
            assert source.size is None
            blocks = source.blocks()
            os.write(writer, b"one\ntw")
            assert next(blocks) == Block(1, [b"one"])
            assert next(blocks) == Block(2, [])  # nothing came for a while
            os.write(writer, b"o\nthree\n")
            assert next(blocks) == Block(2, [b"two", b"three"])
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.jsonl", "No such file or directory"),
        (".", "Is a directory"),
        ("\0", "embedded null byte"),
    ],
)
def test_what_cannot_be_read(name: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(InputError) as caught:
        Source(path)
    assert str(caught.value) == (
        f"{path}: the messages cannot be read\n"
        f"  expected a file of JSON lines, found: {reason}\n"
        "  hint: give the path of a file, or - for standard input"
    )
