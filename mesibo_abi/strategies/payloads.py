"""Payloads and addresses: the bytes that a module reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .vocabulary import NOTHING, Vocabulary, Words

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
    _check_sizes(min_size, max_size)
    known = Vocabulary.given(words).words
    part = _parts(known, text=text, nul=nul)
    sizes = [size for size in (*_EDGES, max_size) if min_size <= size <= max_size]
    choices: list[SearchStrategy[bytes]] = [
        st.lists(part, max_size=4).map(b"".join),
        st.builds(_stretch, part, st.sampled_from(sizes)),
    ]
    if known:
        nearly = dict.fromkeys(change(word) for word in known for change in _CHANGES)
        choices = [st.sampled_from(known), st.sampled_from(list(nearly)), *choices]

    def fitted(payload: bytes) -> bytes:
        payload = _fit(payload, min_size, max_size)
        payload = _as_text(payload, min_size) if text else payload
        return payload if nul else payload.replace(b"\0", b"0")

    return st.one_of(choices).map(fitted)


def _check_sizes(least: int, most: int) -> None:
    if not 0 <= least <= most:
        raise ValueError(
            f"payloads cannot have {least} to {most} bytes: expected 0 <= min_size <= max_size; "
            "exchange the two"
        )


def _parts(known: tuple[bytes, ...], *, text: bool, nul: bool) -> SearchStrategy[bytes]:
    """Few draws: what Hypothesis does an example costs in them."""
    fixed = [*_MARKS, *([b"\0"] if nul else []), *([] if text else _HOSTILE)]
    choices: list[SearchStrategy[bytes]] = [
        st.sampled_from(fixed),
        st.text(max_size=12).map(str.encode) if text else st.binary(max_size=12),
        st.integers(-(2**64), 2**64).map(_decimal),
    ]
    return st.one_of([st.sampled_from(known), *choices] if known else choices)


def _decimal(number: int) -> bytes:
    return b"%d" % number


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
    longer than any buffer that was thought of, and, with `none`, NULL. `text`: only `str`."""
    known = tuple(word for word in Vocabulary.given(words).words if b"\0" not in word)
    usual: list[str | None] = ["alice", "bob", "1234567890", "a@b.example", ""]
    usual += [name for name in Vocabulary(known).names if name not in usual]
    usual += [None] if none else []
    others = payloads(words=known, max_size=max_size, nul=False, text=text)
    drawn: SearchStrategy[Any] = others.map(bytes.decode) if text else others
    return st.sampled_from(usual) | drawn
