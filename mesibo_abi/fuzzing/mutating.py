"""Messages made of others, quickly: what costs a microsecond here is what bounds the rate. And
lives made of others."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from ..bridge.values import Message
from ..events import Event, EventKind
from ..types import WORDS
from .case import Case, Reload, Step

_EDGES: tuple[int, ...] = tuple(
    sorted({*((1 << bits) + more for bits in range(1, 13) for more in (-1, 0, 1))})
)
_NUMBERS = (1, 2, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
_HOSTILE = (b"", b"\0", b"%s%n%s", b"-1", b"99999999999999999999", b"\xff\xfe", b'{"text": ', b"/")
_LONGEST = 8192
_MOST_KEPT = 4096
_MOST_STEPS = 24  # of a life


class Mutator:
    """Belongs to one thread. The same numbers for the same `seed`."""

    def __init__(self, words: Iterable[bytes], names: Iterable[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._words: list[bytes] = [*words, *_HOSTILE]
        self._kept = list(self._words)
        self._lives: list[Case] = []
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

    def keep(self, case: Case) -> None:
        """Others are made of it, too."""
        for step in case.steps:
            if isinstance(step, Event) and step.message is not None:
                self._keep_payload(step.message.payload)
        if case.steps and len(self._lives) < _MOST_KEPT:
            self._lives.append(case)

    def _keep_payload(self, payload: bytes) -> None:
        if len(self._kept) < _MOST_KEPT:
            self._kept.append(payload)

    def lives(self, count: int) -> list[Case]:
        """So many, where some are kept: the begin of one and the end of another, with steps that
        are left out, said again, or new between them."""
        return [self._life() for _ in range(count if self._lives else 0)]

    def _life(self) -> Case:
        first, second = self._any_life(), self._any_life()
        steps = [*first.steps[: self._any(len(first.steps) + 1)], *self._end_of(second)]
        for _ in range(1 + self._any(3)):
            at = self._any(len(steps) + 1)
            change = self._any(4)
            if change == 0:
                steps[at : at + 1] = []
            elif change == 1:
                steps[at:at] = steps[at : at + 1 + self._any(3)]
            elif change == 2:
                steps[at:at] = [Reload()]
            else:
                steps[at:at] = [Event(EventKind.MESSAGE, self._message())]
        return Case(tuple(steps[:_MOST_STEPS]), first.config)

    def _end_of(self, case: Case) -> tuple[Step, ...]:
        return case.steps[self._any(len(case.steps) + 1) :]

    def _any_life(self) -> Case:
        return self._lives[self._any(len(self._lives))]

    def _any(self, count: int) -> int:
        return int(self._random.random() * count)

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
        return Message(payload[:_LONGEST], to=to, from_=from_).replace(**words)

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
