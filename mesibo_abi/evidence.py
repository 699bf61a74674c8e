"""What the core saw of a module on trial, and of a process that ended, as plain values."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Place(enum.IntEnum):
    """Where something that a module is handed lies (csrc/interface/trials.h: mh_place)."""

    ROOMY = 0
    """With zeros around it."""
    AT_END = 1
    """The byte behind its last one may not be touched."""
    AT_START = 2
    """The byte before its first one may not be touched."""


@dataclass(frozen=True, slots=True)
class Area:
    """Something that a module was handed (csrc/interface/trials.h: mh_area). Addresses; `low` to
    `high` is all that a fault there can hit."""

    name: str
    start: int
    size: int
    low: int
    high: int
    read_only: bool
    sealed: bool


def in_words(area: str) -> str:
    """The name of an area, for a sentence."""
    if area in ("to", "from"):
        return f"the address params->{area}"
    return area if area.startswith("the ") else f"the {area}"


@dataclass(frozen=True, slots=True)
class Spill:
    """A byte outside of an area that was written to; `offset` is from the start of that area."""

    name: str
    offset: int
    found: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a struct, at `offset` in bytes; `own`: the module's to write."""

    name: str
    offset: int
    own: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A struct of a revision; `words` is empty where only its size is known."""

    name: str
    size: int
    words: tuple[Word, ...]


class Service(enum.IntEnum):
    """What a module asks of the network (csrc/interface/services.h: mh_request_kind)."""

    HTTP = 0
    FASTCGI = 1
    SOCKET = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is open; `where` is its URL or host, `posts` whether it has a body,
    `callbacks` a number that is another one for other functions which get the answer."""

    id: int
    service: Service
    where: str
    posts: bool
    callbacks: int = 0


class AnswerKind(enum.IntEnum):
    """What comes of a request (csrc/interface/services.h: mh_answer_kind)."""

    REQUEST = 0
    REQBODY = 1
    HEADERS = 2
    BODY = 3
    FAILED = 4
    CONNECTED = 6
    WRITTEN = 7
    DATA = 8
    CLOSED = 9


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer (csrc/interface/services.h: mh_answer). `piece` above 0: its data come in so many
    bytes a call."""

    kind: AnswerKind
    data: bytes | None = None
    progress: int = 0
    status: int = 0
    content_type: bytes | None = None
    piece: int = 0


class Given(enum.IntEnum):
    """What a module gives to a host function (csrc/interface/services.h: mh_given_kind)."""

    MESSAGE = 0
    FORMAT = 1
    REQUEST = 2
    BYTES = 3
    JSON = 4
    ITEM = 5
    REFUSED = 6
    """It is not known what: the host refused it."""


class MisuseKind(enum.IntEnum):
    """What is wrong with it (csrc/interface/trials.h: mh_misuse_kind)."""

    TOO_LONG = 0
    UNTERMINATED = 1
    FORMAT = 2
    FLAGS = 3
    REFUSED = 4
    LATE = 5


@dataclass(frozen=True, slots=True)
class Misuse:
    """Something that a module gave to a host function, and should not have
    (csrc/interface/trials.h: mh_misuse). `frames` are return addresses, innermost first."""

    kind: MisuseKind
    given: Given
    service: Service
    field: str | None
    area: str | None
    address: int
    length: int
    room: int
    text: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What ended a process (csrc/interface/faults.h: mh_fault): a signal, or exit(3) where `signal`
    is 0.

    `frames` are addresses, innermost first; all but the first are return addresses.
    `found` are those that lay on the stack: guesses, what is left of calls that returned first.
    `maps` is the text of /proc/self/maps. `writing` None: it is not known; `code` is that of
    siginfo_t. Not `whole`: the handler met a fault of its own, and the end is missing.
    """

    signal: int
    code: int
    address: int
    writing: bool | None
    frames: tuple[int, ...]
    found: tuple[int, ...]
    maps: str
    whole: bool
