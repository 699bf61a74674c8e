"""Messages made of others, quickly: what costs a microsecond here is what bounds the rate."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from ..bridge.values import Message
from ..types import WORDS

_EDGES: tuple[int, ...] = tuple(
    sorted({*((1 << bits) + more for bits in range(1, 13) for more in (-1, 0, 1))})
)
_NUMBERS = (1, 2, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
_HOSTILE = (b"", b"\0", b"%s%n%s", b"-1", b"99999999999999999999", b"\xff\xfe", b'{"text": ', b"/")
_LONGEST = 8192
_MOST_KEPT = 4096


class Mutator:
    """Belongs to one thread. The same numbers for the same `seed`."""

    def __init__(self, words: Iterable[bytes], names: Iterable[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._words: list[bytes] = [*words, *_HOSTILE]
        self._kept = list(self._words)
        addresses = ["bob", "alice", "", "x" * 65, "x" * 257, "x" * 1025, "%s%s%n", *names]
        self._addresses: list[str | None] = [*dict.fromkeys(addresses), None]
        self._changes: tuple[Callable[[bytes], bytes], ...] = (
            self._with_word,
            self._with_byte,
            self._cut,
            self._stretched,
            self._spliced,
            self._flipped,
        )

    def keep(self, payload: bytes) -> None:
        """Others are made of it, too."""
        if len(self._kept) < _MOST_KEPT:
            self._kept.append(payload)

    def messages(self, count: int) -> list[Message]:
        """So many."""
        return [self._message() for _ in range(count)]

    def _message(self) -> Message:
        draw = self._random.random
        kept, addresses = self._kept, self._addresses
        payload = kept[int(draw() * len(kept))]
        for _ in range(int(draw() * 4)):
            payload = self._changes[int(draw() * len(self._changes))](payload)
        to = addresses[int(draw() * len(addresses))]
        from_ = "alice" if draw() < 0.8 else addresses[int(draw() * len(addresses))]
        if draw() < 0.8:
            return Message(payload[:_LONGEST], to=to, from_=from_, id=1)
        words = {WORDS[int(draw() * len(WORDS))]: _NUMBERS[int(draw() * len(_NUMBERS))]}
        return Message(payload[:_LONGEST], to=to, from_=from_, **words)  # type: ignore[arg-type]

    def _place(self, payload: bytes) -> int:
        return int(self._random.random() * (len(payload) + 1))

    def _any_word(self) -> bytes:
        word: bytes = self._words[int(self._random.random() * len(self._words))]
        return word

    def _with_word(self, payload: bytes) -> bytes:
        at = self._place(payload)
        word: bytes = self._any_word()
        return payload[:at] + word + payload[at:]

    def _with_byte(self, payload: bytes) -> bytes:
        at = self._place(payload)
        return payload[:at] + bytes([int(self._random.random() * 256)]) + payload[at + 1 :]

    def _cut(self, payload: bytes) -> bytes:
        return payload[: self._place(payload)]

    def _stretched(self, payload: bytes) -> bytes:
        size = _EDGES[int(self._random.random() * len(_EDGES))]
        unit = payload or b"m"
        return (unit * (size // len(unit) + 1))[:size]

    def _spliced(self, payload: bytes) -> bytes:
        other = self._kept[int(self._random.random() * len(self._kept))]
        return payload[: self._place(payload)] + other[self._place(other) :]

    def _flipped(self, payload: bytes) -> bytes:
        if not payload:
            return payload
        at = int(self._random.random() * len(payload))
        bit = 1 << int(self._random.random() * 8)
        return payload[:at] + bytes([payload[at] ^ bit]) + payload[at + 1 :]
