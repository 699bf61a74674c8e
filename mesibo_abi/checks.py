"""What callers pass, refused in words where it is of the wrong type: what, expected and found, what
to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

WORDS = 1 << 64
"""How many values an unsigned word of the ABI has."""


def as_path(what: str, value: object) -> Path:
    """A str or a path; bytes are neither. Raises TypeError."""
    if isinstance(value, str):
        return Path(value)
    name = os.fspath(value) if isinstance(value, os.PathLike) else value
    if isinstance(name, str):
        return Path(name)
    hint = "decode it with os.fsdecode" if isinstance(name, bytes) else "pass the path of a file"
    raise TypeError(f"{what} is of the wrong type: expected str or a path, got {value!r}; {hint}")


def as_text(what: str, value: object) -> str:
    """A str. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is of the wrong type: expected str, got {value!r}; pass text")
    return value


def as_word(what: str, value: object) -> int:
    """A number that an unsigned word holds. Raises TypeError, and OverflowError."""
    if not isinstance(value, int):
        raise TypeError(f"{what} is of the wrong type: expected int, got {value!r}; pass a number")
    if not 0 <= value < WORDS:
        raise OverflowError(
            f"{what} does not fit: expected 0 to 2**64 - 1, got {value}; pass a number that does"
        )
    return value


def as_bytes(what: str, value: str | Buffer) -> bytes:
    """Text as UTF-8, or what a buffer holds. Raises TypeError, and ValueError."""
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{what} cannot be written as UTF-8: character {error.start} is "
                f"{value[error.start]!r}; pass bytes to send what is not text"
            ) from None
    try:
        return bytes(memoryview(value))
    except TypeError:
        raise TypeError(
            f"{what} is of the wrong type: expected str, bytes or a buffer, got {value!r}; pass "
            "one of them"
        ) from None


def check_callable(what: str, value: object) -> None:
    """A callable or None. Raises TypeError."""
    if value is not None and not callable(value):
        raise TypeError(
            f"{what} is of the wrong type: expected a callable or None, got {value!r}; pass a "
            "function"
        )
