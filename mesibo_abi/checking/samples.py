"""What modules on trial are handed: ordinary messages, and those that are rare and allowed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..bridge.values import Message
from ..types import MessageFields
from .subject import Subject

_MOST_ADDRESSES = 4
_MOST_WORDS = 48
_LONGEST_ADDRESS = 64  # of a value of an item that may be one

TEXTS = (
    b"hello there",
    b"help",
    b"ping",
    b"!",
    b"/start with some words",
    b"12345678901234567890",
    b'{"text": "hello", "id": 7, "list": [1, 2',
    b"<a href='http://there/'>there</a>",
    b"key=value&other=",
    b"%s%s%n%d",
    "Grüße, \N{SNOWMAN} \N{GRINNING FACE}".encode(),
    b" \t\r\n",
)
"""Ordinary messages."""

WORDS_BEHIND = b" en hello there"
"""What may be behind a command."""

LONG = b"all work and no play makes a long message, and one that has several lines\n" * 60

LENGTHS = tuple(LONG[:size] for size in (*range(1, 34), 63, 64, 65, 255, 256, 257, 4095, 4096))
"""Parts of it, of one byte and more."""

WITH_NULS = (
    b"\0",
    b"\0\0\0\0\0\0\0\0",
    b"hello\0there",
    b"\0hello there",
    b"hello there\0",
    b"a\0b\0c\0d",
)

NOT_UTF8 = (
    b"\xff",
    b"\x80\x80",
    b"\xc3",
    b"hello \xe2\x82",
    b"hello \xf0\x9f\x98",
    b"\xc0\xaf\xe0\x80\xaf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xfe\xff\x00h\x00i",
    bytes(range(256)),
)

ADDRESSES = (
    b"",
    b"a",
    b"alice",
    b"a@b.example",
    b"%s%n",
    b"../../etc/passwd",
    b"\xff\xfe",
    b"x" * 255,
    b"x" * 4096,
    b"x" * 70000,
)
"""Addresses that are allowed: text with a NUL behind it, of any length."""

EXTREMES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
"""What a word may hold."""

FEW_EXTREMES = (2**31, 2**32 - 1, 2**64 - 1)
"""Some of them, for what is tried with each command: far away as an index, and negative ones."""

STATUSES = (*range(10), *range(0x7F, 0x8A), 0xFF, *EXTREMES[2:])
"""Those that the header names, and others: servers have more."""


def to_whom(subject: Subject) -> tuple[str, ...]:
    """Recipients that a module may act on: it may have an address of its own."""
    values = [value for value in subject.items.values() if 0 < len(value) <= _LONGEST_ADDRESS]
    usable = [value for value in values if "\0" not in value]
    return tuple(dict.fromkeys(["bob", subject.name, *usable]))[:_MOST_ADDRESSES]


def messages(subject: Subject, *payloads: bytes) -> Iterator[Message]:
    """A message for each payload, to each whom it may act on."""
    for to in to_whom(subject):
        for payload in payloads:
            yield Message(payload, to=to, from_="alice", id=7, aid=1)


@functools.lru_cache(maxsize=4)
def words_of(path: Path) -> tuple[bytes, ...]:
    """Texts that a library has among its constants, the short ones: commands that it listens to,
    addresses, and what it looks for in answers."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        sections = [ELFFile(file).get_section_by_name(name) for name in (".rodata", ".data")]
        data = b"\0".join(section.data() for section in sections if section is not None)
    found = re.findall(rb"(?<![^\0])[ -~]{2,32}(?=\0)", data)
    return tuple(dict.fromkeys(word for word in found if b"%" not in word))[:_MOST_WORDS]


def commands(subject: Subject, *tails: bytes) -> Iterator[Message]:
    """Messages with a word of the module's own, and each of these behind it: what it listens to."""
    for word in words_of(subject.path):
        yield from messages(subject, *(word.rstrip() + tail for tail in tails))


def provoking(subject: Subject) -> Iterator[Message]:
    """Messages that a module may act on, by sending or asking for something."""
    yield from messages(subject, *TEXTS)
    yield from by_words(subject)


def by_words(subject: Subject) -> Iterator[Message]:
    """Those among them that are made of its own words."""
    yield from commands(subject, b"", WORDS_BEHIND)
    for word in words_of(subject.path):
        yield Message("hello there", to=word, from_="alice", id=7, aid=1)


def ordinary(subject: Subject) -> Iterator[Message]:
    """One message to each whom it may act on."""
    return messages(subject, b"hello there")


def with_words(message: Message, words: Mapping[str, int]) -> Message:
    """The same, with these words in its params."""
    # Its keys are words of params, which no type can tell.
    fields = MessageFields(to=message.to, from_=message.from_, **words)  # type: ignore[typeddict-item]
    return Message(message.payload, **fields)
