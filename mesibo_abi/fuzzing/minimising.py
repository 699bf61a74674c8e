"""The smallest case that still ends in the same crash: steps, items and fields are left out, and
texts made shorter and plain, as long as it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..bridge.values import Message
from ..events import Event
from ..types import WORDS, User
from .case import Case, Reply, Step

_PLAIN = 0x61  # an a


class _Over(Exception):
    """There is no time left."""


def minimise(case: Case, crashes: Callable[[Case], bool], seconds: float = 30.0) -> Case:
    """`crashes` says whether a case ends in the same way, as `case` does. When the seconds are
    over, the smallest that was found until then."""
    search = _Search(case, crashes, time.monotonic() + seconds)
    try:
        while search.round():
            pass
    except _Over:
        pass
    return search.case


class _Search:
    def __init__(self, case: Case, crashes: Callable[[Case], bool], end: float) -> None:
        self.case = case
        self._crashes = crashes
        self._end = end

    def round(self) -> bool:
        """Everything once; whether something became smaller."""
        before = self.case
        self._fewer_steps()
        self._fewer_items()
        for place in reversed(range(len(self.case.steps))):
            self._smaller_step(place)
        for name in self.case.config:
            self._shorter(
                self.case.config[name].encode("utf-8", "surrogateescape"),
                partial(self._with_item, name),
            )
        return self.case != before

    def _try(self, candidate: Case) -> bool:
        if time.monotonic() > self._end:
            raise _Over
        if candidate == self.case or not self._crashes(candidate):
            return False
        self.case = candidate
        return True

    def _fewer_steps(self) -> None:
        """Many at once first, from the end."""
        size = max(1, len(self.case.steps) // 2)
        while size > 0:
            at = len(self.case.steps) - size
            while at >= 0:
                steps = self.case.steps
                self._try(replace(self.case, steps=steps[:at] + steps[at + size :]))
                at -= size
            size //= 2

    def _fewer_items(self) -> None:
        for name in list(self.case.config):
            left = {key: value for key, value in self.case.config.items() if key != name}
            self._try(replace(self.case, config=left))

    def _smaller_step(self, place: int) -> None:
        while any(
            self._try(self._with_step(place, step)) for step in _simpler(self.case.steps[place])
        ):
            pass
        text = _text_of(self.case.steps[place])
        if text is not None:
            self._shorter(text, partial(self._with_text, place))
        for name in ("to", "from_", "address"):
            address = _address_of(self.case.steps[place], name)
            if address:
                self._shorter(
                    address.encode("utf-8", "surrogateescape"),
                    partial(self._with_address, place, name),
                )

    def _shorter(self, text: bytes, made: Callable[[bytes], Case]) -> None:
        """Pieces of it taken out, the large ones first; then what is left made plain."""
        size = max(1, len(text) // 2)
        while size > 0 and text:
            at = len(text) - size
            while at >= 0:
                without = text[:at] + text[at + size :]
                if self._try(made(without)):
                    text = without
                at -= size
            size //= 2
        self._plain(text, made, 0, len(text))

    def _plain(self, text: bytes, made: Callable[[bytes], Case], begin: int, end: int) -> bytes:
        plain = text[:begin] + bytes([_PLAIN]) * (end - begin) + text[end:]
        if begin == end or text == plain or self._try(made(plain)):
            return plain
        if end - begin == 1:
            return text
        middle = (begin + end) // 2
        text = self._plain(text, made, begin, middle)
        return self._plain(text, made, middle, end)

    def _with_step(self, place: int, step: Step) -> Case:
        steps = self.case.steps
        return replace(self.case, steps=(*steps[:place], step, *steps[place + 1 :]))

    def _with_text(self, place: int, text: bytes) -> Case:
        return self._with_step(place, _with_text(self.case.steps[place], text))

    def _with_address(self, place: int, name: str, text: bytes) -> Case:
        step = _with_address(self.case.steps[place], name, _decoded(text))
        return self._with_step(place, step)

    def _with_item(self, name: str, text: bytes) -> Case:
        return replace(self.case, config=self.case.config | {name: _decoded(text)})


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _simpler(step: Step) -> Iterator[Step]:
    """With one field as it usually is."""
    if isinstance(step, Reply):
        yield from (
            replace(step, status=200),
            replace(step, content_type=None),
            replace(step, piece=0),
            replace(step, fails=False),
        )
    if not isinstance(step, Event):
        return
    if step.message is not None:
        yield from (replace(step, message=each) for each in _simpler_messages(step.message))
    if step.user is not None:
        user = step.user
        yield replace(step, user=User(user.address, user.online))
        yield replace(step, user=User(user.address, True, user.flags))
        yield replace(step, user=User("", user.online, user.flags))
    if step.data is not None:
        yield replace(step, data=None)
    if step.type:
        yield replace(step, type=0)
    if step.status:
        yield replace(step, status=0)


def _simpler_messages(message: Message) -> Iterator[Message]:
    set_words = [name for name in WORDS if getattr(message, name)]
    yield message.replace(**dict.fromkeys(set_words, 0), to="", from_="")
    for name in set_words:
        yield message.replace(**{name: 0})
    for name in set_words:
        yield message.replace(**{name: 1})
    yield message.replace(to="")
    yield message.replace(from_="")


def _text_of(step: Step) -> bytes | None:
    if isinstance(step, Reply):
        return step.data
    if isinstance(step, Event):
        return step.message.payload if step.message is not None else step.data
    return None


def _with_text(step: Step, text: bytes) -> Step:
    if isinstance(step, Event) and step.message is not None:
        return replace(step, message=step.message.replace(payload=text))
    assert isinstance(step, Event | Reply)
    return replace(step, data=text)


def _address_of(step: Step, name: str) -> str | None:
    if not isinstance(step, Event):
        return None
    if name == "address":
        return None if step.user is None else step.user.address
    return None if step.message is None else getattr(step.message, name)


def _with_address(step: Step, name: str, address: str) -> Step:
    assert isinstance(step, Event)
    if step.user is not None:
        return replace(step, user=replace(step.user, address=address))
    assert step.message is not None
    return replace(step, message=step.message.replace(**{name: address}))
