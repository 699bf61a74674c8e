"""What the symbol tables of a library say of its functions."""

from __future__ import annotations

import bisect
import functools
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # at run time only where it is used: the package must import fast
    from elftools.elf.elffile import ELFFile


class Symbol(NamedTuple):
    """A function of a library."""

    address: int
    size: int
    name: str


@contextmanager
def opened(file: Path) -> Iterator[ELFFile]:
    """A file as pyelftools has it."""
    from elftools.elf.elffile import ELFFile

    with file.open("rb") as stream:
        yield ELFFile(stream)


def functions(path: Path) -> Sequence[Symbol]:
    """The functions that a file defines, in the order of their addresses; none where it cannot be
    read."""
    table = _table(path)
    return tuple(sorted({table.symbol(at) for at in range(len(table.rows))}))


def has_lines(path: Path) -> bool:
    """Whether the file has debugging information, or another beside it that has."""
    table = _table(path)
    folders = (path.parent, path.parent / ".debug")
    beside = table.debug_file and any((folder / table.debug_file).exists() for folder in folders)
    return table.has_lines or bool(beside)


def function_at(path: Path, address: int) -> str | None:
    """The one whose code an address is in; of several names of it the last."""
    table = _table(path)
    end = bisect.bisect_right(table.rows, address, key=lambda row: row[0])
    if end == 0:
        return None
    begin = bisect.bisect_left(table.rows, table.rows[end - 1][0], key=lambda row: row[0])
    found = max(table.symbol(at) for at in range(begin, end))
    return found.name if address < found.address + max(found.size, 1) else None


def segments(path: Path) -> Sequence[tuple[int, int, int]]:
    """The parts of a file that are mapped: where each begins in the file, its size there, and its
    address; none where it cannot be read."""
    try:
        with opened(path) as elf:
            return [
                (segment["p_offset"], segment["p_filesz"], segment["p_vaddr"])
                for segment in elf.iter_segments("PT_LOAD")
            ]
    except Exception:  # as above
        return ()


# -- all tables of a library at once: pyelftools takes a tenth of a second for those of libstdc++


class _Table(NamedTuple):
    """`rows` are the address, the size and the place of the name in `names`, by address."""

    rows: list[tuple[int, int, int]]
    names: bytes
    has_lines: bool
    debug_file: str

    def symbol(self, at: int) -> Symbol:
        address, size, name = self.rows[at]
        text = self.names[name : self.names.index(b"\0", name)]
        return Symbol(address, size, text.decode("utf-8", "replace"))


_NOTHING = _Table([], b"\0", False, "")
_SECTIONS = struct.Struct("<40xQ10xHHH")  # of the file's header: where they are, and how many
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_HEADER = b"\x7fELF\x02\x01"  # of 64 bits, little-endian: as all machines that modules run on
_SYMBOL_TABLES = (2, 11)  # SHT_SYMTAB, SHT_DYNSYM
_NO_BITS = 8  # SHT_NOBITS
_FUNCTIONS = (2, 10)  # STT_FUNC, STT_GNU_IFUNC
_LINES = (b".debug_info", b".zdebug_info")


def _table(path: Path) -> _Table:
    try:
        state = path.stat()
        return _read(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except Exception:  # the file is gone, or no whole library
        return _NOTHING


@functools.lru_cache(maxsize=32)
def _read(path: Path, _inode: int, _size: int, _time: int) -> _Table:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
        if data[: len(_HEADER)] != _HEADER:
            return _NOTHING
        at, size, count, names = _SECTIONS.unpack_from(data)
        sections = [_SECTION.unpack_from(data, at + size * number) for number in range(count)]
        titles = [_text_at(data, sections[names][4] + section[0]) for section in sections]
        link = titles.index(b".gnu_debuglink") if b".gnu_debuglink" in titles else None
        texts, rows = _rows(data, sections)
        return _Table(
            rows,
            texts,
            any(
                title in _LINES and section[1] != _NO_BITS
                for title, section in zip(titles, sections, strict=True)
            ),
            "" if link is None else os.fsdecode(_text_at(data, sections[link][4])),
        )


def _text_at(data: mmap.mmap, at: int) -> bytes:
    return data[at : data.find(b"\0", at)]


def _rows(
    data: mmap.mmap, sections: Sequence[tuple[int, ...]]
) -> tuple[bytes, list[tuple[int, int, int]]]:
    """The names of all tables behind each other, and a row for each name."""
    texts = b"\0"
    rows = set()
    for section in sections:
        if section[1] not in _SYMBOL_TABLES:
            continue
        strings, begin = sections[section[6]], len(texts)
        texts += data[strings[4] : strings[4] + strings[5]] + b"\0"
        symbols = _SYMBOL.iter_unpack(data[section[4] : section[4] + section[5]])
        rows |= {
            (value, size, begin + name)
            for name, info, _, index, value, size in symbols
            if value and index and info & 15 in _FUNCTIONS
        }
    return texts, sorted(rows)
