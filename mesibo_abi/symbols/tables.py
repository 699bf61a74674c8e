"""What the symbol tables of a library say of its functions."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable, Iterator, Sequence
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
    try:
        state = path.stat()
        return _functions(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except Exception:  # the file is gone, or the parser trips over it
        return ()


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


@functools.lru_cache(maxsize=16)
def _functions(path: Path, _inode: int, _size: int, _time: int) -> tuple[Symbol, ...]:
    with opened(path) as elf:
        return tuple(sorted(set(_symbols(elf))))


def _symbols(elf: ELFFile) -> Iterator[Symbol]:
    from elftools.elf.sections import SymbolTableSection

    tables: Iterable[object] = elf.iter_sections()
    for section in tables:
        if not isinstance(section, SymbolTableSection):
            continue
        for symbol in section.iter_symbols():
            defined = symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_value"]
            if defined and symbol["st_info"]["type"] in ("STT_FUNC", "STT_GNU_IFUNC"):
                yield Symbol(symbol["st_value"], symbol["st_size"], symbol.name)


def function_at(path: Path, address: int) -> str | None:
    """The one whose code an address is in."""
    found = functions(path)
    at = bisect.bisect_right(found, address, key=lambda symbol: symbol.address) - 1
    if at < 0 or address >= found[at].address + max(found[at].size, 1):
        return None
    return found[at].name
