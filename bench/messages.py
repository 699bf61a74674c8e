"""Messages of all kinds, on which peers must agree before anything is timed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from .calls import Given

USUAL = Given(b"16 bytes of text")
"""What is timed: 16 bytes that pass."""

_ADDRESSES = ("bob", "alice", None, "", "zo\u00eb", "a" * 200)


def messages(count: int = 25, seed: int = 0) -> Iterator[Given]:
    """Random ones, of any bytes; half of them are consumed."""
    chosen = random.Random(seed)
    yield Given(b"")
    for _ in range(count):
        payload = chosen.randbytes(chosen.choice((1, 2, 16, 256, 5000)))
        yield Given(
            payload if chosen.random() < 0.5 else b"!" + payload,
            chosen.choice(_ADDRESSES),
            chosen.choice(_ADDRESSES),
            chosen.getrandbits(chosen.choice((0, 8, 63))),
        )
