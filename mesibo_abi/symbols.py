"""From addresses to functions and lines: of a process that ended, or of a library on disk.

addr2line is asked where it is installed, as it knows inlined functions; else the debugging
information is read here. What cannot be told stays None; nothing is raised for it.
"""

from __future__ import annotations

import bisect
import functools
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .elf_facts import unit_entries

if TYPE_CHECKING:  # at run time only where it is used: the package must import fast
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.dwarfinfo import DWARFInfo
    from elftools.dwarf.lineprogram import LineProgram
    from elftools.elf.elffile import ELFFile

_TOOL = "addr2line"
_SYSTEM = ("/usr/include/", "/usr/lib/")
_PATIENCE = 20.0  # seconds
_MOST_ENTRIES = 100_000  # of debugging information that are looked through


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a program. `path` is the library or program, None where no file is mapped;
    `address` is that of its symbols, not of the process. `function` may be inlined into `outer`."""

    path: Path | None
    address: int
    function: str | None = None
    file: str | None = None
    line: int | None = None
    outer: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.file is not None and self.line else None
        home = self.path.name if self.path is not None else "no file"
        if self.function is None:
            return where or f"{home}+{self.address:#x}"
        return f"{self.function}, {where}" if where else f"{self.function} in {home}"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A line of /proc/<pid>/maps: a part of a file, `offset` bytes from its start."""

    start: int
    end: int
    offset: int
    path: Path | None


class Symbol(NamedTuple):
    """A function of a library, as its symbol tables have it."""

    address: int
    size: int
    name: str


def read_maps(text: str) -> list[Mapping]:
    """The mappings of a process, in the order of their addresses; a line that was cut is left
    out."""
    found = []
    for line in text.splitlines():
        words = line.split(maxsplit=5)
        if len(words) < 5 or "-" not in words[0]:
            continue
        start, end = (int(word, 16) for word in words[0].split("-"))
        path = Path(words[5]) if len(words) == 6 and words[5].startswith("/") else None
        found.append(Mapping(start, end, int(words[2], 16), path))
    return found


def symbolize(addresses: Sequence[int], maps: Sequence[Mapping]) -> list[Frame]:
    """The frames of a stack, innermost first. All but the first are return addresses: what called
    stands one instruction before."""
    return [frame_at(address, depth, maps) for depth, address in enumerate(addresses)]


def frame_at(shown: int, depth: int, maps: Sequence[Mapping]) -> Frame:
    """One of them; `depth` counts from 0."""
    address = shown - (depth > 0)
    at = bisect.bisect_right(maps, address, key=lambda mapping: mapping.start) - 1
    if at < 0 or address >= maps[at].end or maps[at].path is None:
        return Frame(None, shown)
    mapping = maps[at]
    assert mapping.path is not None
    return _in_file(mapping.path, address - mapping.start + mapping.offset)


@functools.lru_cache(maxsize=4096)
def _in_file(path: Path, offset: int) -> Frame:
    """The frame at so many bytes from the start of the file."""
    try:
        return locate(path, _address_of(path, offset))
    except Exception:  # the file is gone, or the parser trips over it
        return Frame(path, offset)


def _address_of(path: Path, offset: int) -> int:
    """From a place in the file to the address that its symbols have."""
    for file_start, size, address in _segments(path):
        if file_start <= offset < file_start + size:
            return offset - file_start + address
    return offset


@functools.lru_cache(maxsize=64)
def _segments(path: Path) -> tuple[tuple[int, int, int], ...]:
    with _open(path) as elf:
        return tuple(
            (segment["p_offset"], segment["p_filesz"], segment["p_vaddr"])
            for segment in elf.iter_segments("PT_LOAD")
        )


@contextmanager
def _open(path: Path) -> Iterator[ELFFile]:
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        yield ELFFile(file)


def locate(path: Path, address: int) -> Frame:
    """What stands at an address of a library, as its symbols have it."""
    found = _by_tool(path, address) if shutil.which(_TOOL) else _by_reading(path, address)
    if found.function is not None and found.file is not None:
        return found
    # Without debugging information the tool names the nearest symbol, however far it is.
    function = _function_at(path, address)
    return Frame(path, address, function, found.file, found.line, function)


def definition(path: Path, function: str) -> Frame | None:
    """Where a function of a library is defined, by its name there; None: it has none of that
    name."""
    for symbol in functions(path):
        if symbol.name == function:
            found = locate(path, symbol.address)
            file, line = _declared_at(path, symbol)
            return replace(found, file=file, line=line) if file is not None else found
    return None


# ---- By addr2line


def _by_tool(path: Path, address: int) -> Frame:
    """The innermost of the functions there, inlined ones among them, those of the system's headers
    left out."""
    try:
        done = subprocess.run(
            [_TOOL, "-f", "-C", "-i", "-e", str(path), hex(address)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return _by_reading(path, address)
    lines = done.stdout.splitlines()
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    if not pairs:
        return Frame(path, address)
    inner, place = next((p for p in pairs if not p[1].startswith(_SYSTEM)), pairs[0])
    file, _, line = place.split(" (discriminator")[0].rpartition(":")
    known = file not in ("", "??") and line.isdigit() and int(line) > 0
    function, outer = (None if name == "??" else name for name in (inner, pairs[-1][0]))
    if not known:
        return Frame(path, address, function, outer=outer)
    return Frame(path, address, function, file, int(line), outer)


# ---- By reading the debugging information


def _by_reading(path: Path, address: int) -> Frame:
    try:
        with _open(path) as elf:
            if not elf.has_dwarf_info(strict=True):
                return Frame(path, address)
            dwarf = elf.get_dwarf_info(follow_links=False)
            for unit in _units(dwarf, address):
                file, line = _line_in(unit, address)
                if file is not None:
                    return Frame(path, address, None, file, line)
    except Exception:  # the parser raises whatever damaged data leads to
        pass
    return Frame(path, address)


def _units(dwarf: DWARFInfo, address: int) -> Iterator[CompileUnit]:
    """The one that has the address, where there is a table of that; else all."""
    ranges = dwarf.get_aranges()
    at = None if ranges is None else ranges.cu_offset_at_addr(address)
    if ranges is None:
        yield from dwarf.iter_CUs()
    elif at is not None:
        yield dwarf.get_CU_at(at)


def _line_in(unit: CompileUnit, address: int) -> tuple[str | None, int | None]:
    program = unit.dwarfinfo.line_program_for_CU(unit)
    if program is None:
        return None, None
    before = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if before is not None and before.address <= address < state.address:
            return _file_of(unit, program, before.file), before.line or None
        before = None if state.end_sequence else state
    return None, None


def _file_of(unit: CompileUnit, program: LineProgram, number: int) -> str | None:
    header = program.header
    first = 0 if header["version"] >= 5 else 1  # what files and folders are counted from
    entry = header["file_entry"][number - first]
    folders = [_text(folder) for folder in header["include_directory"]]
    built_in = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    base = Path(_text(built_in.value)) if built_in is not None else Path()
    if first == 1:
        folders.insert(0, str(base))
    folder = folders[entry.dir_index] if entry.dir_index < len(folders) else ""
    return str(base / folder / _text(entry.name))


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _declared_at(path: Path, symbol: Symbol) -> tuple[str | None, int | None]:
    """The line of its name: its first instruction may be of another."""
    try:
        with _open(path) as elf:
            dwarf = elf.get_dwarf_info(follow_links=False)
            for unit in _units(dwarf, symbol.address):
                for entry in islice(unit_entries(unit), _MOST_ENTRIES):
                    begins = entry.attributes.get("DW_AT_low_pc")
                    line = entry.attributes.get("DW_AT_decl_line")
                    file = entry.attributes.get("DW_AT_decl_file")
                    if begins is None or begins.value != symbol.address or not line or not file:
                        continue
                    program = dwarf.line_program_for_CU(unit)
                    if program is not None:
                        return _file_of(unit, program, file.value), line.value
    except Exception:  # as above
        pass
    return None, None


# ---- Symbols


def functions(path: Path) -> Sequence[Symbol]:
    """The functions that a file defines, in the order of their addresses; none where it cannot be
    read."""
    try:
        state = path.stat()
        return _functions(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except Exception:  # as above
        return ()


@functools.lru_cache(maxsize=16)
def _functions(path: Path, _inode: int, _size: int, _time: int) -> tuple[Symbol, ...]:
    with _open(path) as elf:
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


def _function_at(path: Path, address: int) -> str | None:
    found = functions(path)
    at = bisect.bisect_right(found, address, key=lambda symbol: symbol.address) - 1
    if at < 0 or address >= found[at].address + max(found[at].size, 1):
        return None
    return found[at].name
