"""Payloads and addresses: the bytes that a module reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..vocabulary import NOTHING, Vocabulary, Words
from .drawing import Drawing, drawing_of, one_of, strategy_by, vocabulary

_HOSTILE = (
    b"%s%s%s%s%n",
    b"%1000000d",
    b"../../etc/passwd",
    b"'; --",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
)
_EDGES = tuple(sorted({0, *(2**bits + more for bits in range(13) for more in (-1, 0, 1))}))
_MARKS = (b" ", b",", b":", b"\n", b"/", b"!", b"=", b'"', b"{", b"}", b"[", b"]", b"-1")
_CHANGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda word: word[:-1],
    lambda word: word[1:],
    lambda word: word + word,
    lambda word: word + b" ",
    lambda word: b" " + word,
    lambda word: word + b"\0",
    bytes.swapcase,
)
_LONG = (31, 32, 63, 64, 65, 127, 128, 255, 256, 257)
_INTEGERS = st.integers(-(2**64), 2**64)
_BYTES = st.binary(max_size=12)
_TEXT = st.text(max_size=12)


def payloads(
    *,
    words: Words = NOTHING,
    min_size: int = 0,
    max_size: int = 4096,
    text: bool = False,
    nul: bool = True,
) -> SearchStrategy[bytes]:
    """Payloads of `min_size` to `max_size` bytes: words of the module alone, nearly right, and
    joined to others; lengths beside the powers of two, where buffers end; numbers, NULs, bytes
    that are not UTF-8, format strings, JSON.

    `text`: only UTF-8. `nul`: whether there may be NULs.
    """
    return strategy_by(
        payload_by(words=words, min_size=min_size, max_size=max_size, text=text, nul=nul)
    )


def payload_by(
    *, words: Words, min_size: int = 0, max_size: int = 4096, text: bool = False, nul: bool = True
) -> Drawing[bytes]:
    """The same, as a function."""
    _check_sizes(min_size, max_size)

    def fitted(payload: bytes) -> bytes:
        payload = _fit(payload, min_size, max_size)
        payload = _as_text(payload, min_size) if text else payload
        return payload if nul else payload.replace(b"\0", b"0")

    known = vocabulary(words).words
    nearly = dict.fromkeys(change(word) for word in known for change in _CHANGES)
    fixed = [*_MARKS, *([b"\0"] if nul else []), *([] if text else _HOSTILE)]
    part = strategy_by(one_of(known, fixed, [_text if text else drawing_of(_BYTES)], [_integer]))
    sizes = [size for size in (*_EDGES, max_size) if min_size <= size <= max_size]
    long = [_stretch(b"m", size) for size in sizes]
    parts, size = st.lists(part, max_size=4), st.sampled_from(sizes)

    def joined(draw: st.DrawFn) -> bytes:
        return fitted(b"".join(draw(parts)))

    def stretched(draw: st.DrawFn) -> bytes:
        return fitted(_stretch(draw(part), draw(size)))

    # The first of all is the simplest: whatever does not matter shrinks to no bytes.
    first = ([b"", *known] if known else [], nearly, [b"", *fixed], long)
    groups = (dict.fromkeys(map(fitted, group)) for group in first)
    return one_of(*groups, [joined], [stretched])


def _check_sizes(least: int, most: int) -> None:
    if not 0 <= least <= most:
        raise ValueError(
            f"payloads cannot have {least} to {most} bytes: expected 0 <= min_size <= max_size; "
            "exchange the two"
        )


def _integer(draw: st.DrawFn) -> bytes:
    return b"%d" % draw(_INTEGERS)


def _text(draw: st.DrawFn) -> bytes:
    return draw(_TEXT).encode()


def _stretch(unit: bytes, size: int) -> bytes:
    unit = unit or b"m"
    return (unit * (size // len(unit) + 1))[:size]


def _fit(payload: bytes, least: int, most: int) -> bytes:
    return _stretch(payload, least) if len(payload) < least else payload[:most]


def _as_text(payload: bytes, least: int) -> bytes:
    """What of it is UTF-8: a character may have been cut."""
    kept = payload.decode("utf-8", "ignore").encode()
    return kept + b"." * (least - len(kept))


def addresses(
    *, words: Words = NOTHING, none: bool = True, text: bool = False, max_size: int = 300
) -> SearchStrategy[Any]:
    """Addresses, as `str`, `bytes` or None: text without a NUL inside, as one ends it; also empty,
    longer than any buffer that was thought of, and, with `none`, NULL. `text`: only `str`. None
    has more than `max_size` bytes."""
    return strategy_by(address_by(words=words, none=none, text=text, max_size=max_size))


def address_by(
    *, words: Words, none: bool = True, text: bool = False, max_size: int = 300
) -> Drawing[Any]:
    """The same, as a function."""
    known = tuple(word for word in vocabulary(words).words if b"\0" not in word)
    usual = ["alice", "bob", "1234567890", "a@b.example", ""]
    usual += [name for name in Vocabulary(known).names if name not in usual]
    usual = [name for name in usual if len(name.encode()) <= max_size]
    fixed = [
        word[:max_size].decode("utf-8", "ignore") if text else word[:max_size] for word in known
    ]
    long = ["x" * size for size in _LONG if size <= max_size]
    other = payload_by(words=known, max_size=max_size, nul=False, text=text)
    made = (lambda draw: other(draw).decode()) if text else other
    return one_of(usual, usual, [None] if none else [], fixed, long, [made])
