"""The words that a module knows: what it compares messages with stands in its library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_SECTIONS = (".rodata", ".data", ".data.rel.ro", ".rodata.str1.1")
_TEXT = re.compile(rb"[\x20-\x7e\t\n\r\x80-\xff]{1,64}(?=\0)")
_MAGIC = re.compile(rb"(?<=\0)[^\0]{2,16}(?=\0)")
_OF_SANITIZERS = re.compile(
    rb"'.*'|struct \w+ .*|<string literal>|/.*\.(c|cpp|h|cc|cxx)|\d+ \d+ .*"
)
_MOST = 512


def words_of(library: Path, config: Mapping[str, str]) -> list[bytes]:
    """Strings in its data, and the names and values of its configuration, each once."""
    told = [word.encode("utf-8", "surrogateescape") for item in config.items() for word in item]
    found = dict.fromkeys([*filter(None, told), *_strings(library)])
    return [word for word in found if _OF_SANITIZERS.fullmatch(word) is None][:_MOST]


def written(words: Iterable[bytes]) -> bytes:
    """As the fuzz program reads them."""
    return b"".join(len(word).to_bytes(2, "little") + word for word in words)


def dictionary(words: Iterable[bytes]) -> str:
    """As libFuzzer reads them."""
    return "".join(
        '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words if word
    )


def _strings(library: Path) -> Iterator[bytes]:
    from elftools.elf.elffile import ELFFile

    with library.open("rb") as file:
        found = [ELFFile(file).get_section_by_name(name) for name in _SECTIONS]
        sections = [each for each in found if each is not None]
        data = [b"\0" + each.data() for each in sections if each["sh_type"] != "SHT_NOBITS"]
    for pattern in (_TEXT, _MAGIC):  # texts first: there may be too many of the others
        yield from (found[0] for part in data for found in pattern.finditer(part))
