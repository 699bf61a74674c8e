"""The words that a module knows: what it compares messages with stands in its library, and what it
was told in its configuration."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Self, TypeAlias

from .checks import as_path

_DATA = (".rodata", ".data", ".data.rel.ro")
_STRING = re.compile(rb"(?<![^\0])(?:[\x20-\x7e\t\r\n]|[\xc2-\xf4][\x80-\xbf]{1,3}){1,64}(?=\0)")
_IN_CODE = re.compile(rb"[A-Za-z0-9_/!:.#@-]{4,16}")
_CONVERSION = re.compile(rb"%[-+ #0-9.*hlLzjt]*[a-zA-Z%]")
_MAGIC = re.compile(rb"(?<=\0)[^\0]{2,16}(?=\0)")
_OF_SANITIZERS = re.compile(  # what they add for their reports
    rb"'.*'|struct \w+ .*|<string literal>|/.*\.(c|cpp|h|cc|cxx)|\d+ \d+ .*"
)
_SEPARATORS = re.compile(r"[\s,;|]+")
_LONGEST = 64  # bytes: what is longer is prose
_MOST = 256
_MOST_IN_CODE = _MOST_MAGIC = 64


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words` are bytes without a NUL, none of them twice; the likelier ones first."""

    words: tuple[bytes, ...] = ()

    @classmethod
    def of(
        cls,
        library: str | PathLike[str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> Self:
        """The names and values of a configuration, the strings among the data of a library, what
        of its code may be one (compilers compare with short strings in instructions), and other
        bytes between NULs.

        Nothing of the library is run. Raises OSError where it cannot be read; a file that is no
        library has no words.
        """
        found: list[bytes] = []
        for name, value in (config or {}).items():
            found += _parts(name) + _parts(value)
        if library is not None:
            found += _words_of(as_path("the library", library))
        kept = (word for word in dict.fromkeys(found) if 0 < len(word) <= _LONGEST)
        return cls(tuple(kept)[:_MOST])

    @classmethod
    def given(cls, words: Words) -> Self:
        """Of what a strategy is given for its `words`."""
        if isinstance(words, Vocabulary):
            return cls(words.words)
        texts = (word.encode() if isinstance(word, str) else bytes(word) for word in words)
        return cls(tuple(dict.fromkeys(texts)))

    def __or__(self, other: Vocabulary) -> Vocabulary:
        return Vocabulary(tuple(dict.fromkeys(self.words + other.words)))

    @property
    def names(self) -> tuple[str, ...]:
        """Those that may be the name of something: a key of JSON, an address, an item."""
        return tuple(word.decode() for word in self.words if re.fullmatch(rb"[\w.-]{1,32}", word))


Words: TypeAlias = Vocabulary | Collection[str | bytes]
NOTHING = Vocabulary()


def _parts(text: str) -> list[bytes]:
    """The text, and each of several in it: lists have commas or blanks between."""
    parts = (text, *_SEPARATORS.split(text))
    return [part.encode("utf-8", "surrogateescape") for part in parts if "\0" not in part]


def _words_of(library: Path) -> list[bytes]:
    data, code = _sections(library)
    strings = [found[0] for found in _STRING.finditer(data)]
    plain = [part for string in strings for part in _without_conversions(string)]
    in_code = dict.fromkeys(found[0] for found in _IN_CODE.finditer(code))
    magic = dict.fromkeys(found[0] for found in _MAGIC.finditer(data))
    words = [
        *sorted(plain, key=_unlikely),
        *list(in_code)[:_MOST_IN_CODE],
        *list(magic)[:_MOST_MAGIC],
    ]
    return [word for word in words if _OF_SANITIZERS.fullmatch(word) is None]


def _unlikely(word: bytes) -> int:
    """Commands and keys first, then sentences, then single bytes, which are rather numbers."""
    return 2 if len(word) == 1 else b" " in word.strip()


def _without_conversions(string: bytes) -> Iterator[bytes]:
    """A string, and what a printf or scanf would have around its arguments."""
    yield string
    parts = _CONVERSION.split(string)
    if len(parts) > 1:
        yield from (part for part in parts if part.strip())


def _sections(library: Path) -> tuple[bytes, bytes]:
    """The data and the code."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    with library.open("rb") as file:
        try:
            elf = ELFFile(file)
            names = (*_DATA, ".text")
            found = [elf.get_section_by_name(name) for name in names]
            kept = [b"" if each is None else each.data() for each in found]
        except (ELFError, ValueError):
            return b"", b""
    return b"\0".join(kept[:-1]) + b"\0", kept[-1]
