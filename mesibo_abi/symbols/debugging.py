"""Lines from the debugging information of a library (DWARF), read here: where addr2line is not
installed, and for where a function is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..elf_facts import unit_entries
from .tables import opened

if TYPE_CHECKING:  # at run time only where it is used: the package must import fast
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.dwarfinfo import DWARFInfo
    from elftools.dwarf.lineprogram import LineProgram

_MOST_ENTRIES = 100_000  # of debugging information that are looked through

Line = tuple[Path | None, int | None]
Span = tuple[int, int]  # from an address to that behind the last


def line_at(file: Path, address: int) -> Line:
    """The source and the line of an address."""
    try:
        with opened(file) as elf:
            if elf.has_dwarf_info(strict=True):
                dwarf = elf.get_dwarf_info(follow_links=False)
                for unit in _units(dwarf, address):
                    found = _line_in(unit, address)
                    if found[0] is not None:
                        return found
    except Exception:  # the parser raises whatever damaged data leads to
        pass
    return None, None


def _units(dwarf: DWARFInfo, address: int) -> Iterator[CompileUnit]:
    """The one that has the address, where there is a table of that; else all."""
    ranges = dwarf.get_aranges()
    at = None if ranges is None else ranges.cu_offset_at_addr(address)
    if ranges is None:
        yield from dwarf.iter_CUs()
    elif at is not None:
        yield dwarf.get_CU_at(at)


def _line_in(unit: CompileUnit, address: int) -> Line:
    program = unit.dwarfinfo.line_program_for_CU(unit)
    if program is None:
        return None, None
    before = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if before is not None and before.address <= address < state.address:
            if not before.line:
                return None, None
            return file_of(unit, program, before.file), before.line
        before = None if state.end_sequence else state
    return None, None


def is_in(address: int, spans: Sequence[Span]) -> bool:
    """Whether it is in one of them."""
    return any(begin <= address < end for begin, end in spans)


def line_near(file: Path, address: int, spans: Sequence[Span], but: Sequence[Span] = ()) -> Line:
    """The line of the nearest row before an address that is in these parts of the code, but not in
    those, else of the nearest behind it: for an instruction that the compiler gave no line."""
    try:
        with opened(file) as elf:
            for unit in _units(elf.get_dwarf_info(follow_links=False), address):
                found = _near_in(unit, address, spans, but)
                if found[0] is not None:
                    return found
    except Exception:  # as above
        pass
    return None, None


def _near_in(unit: CompileUnit, address: int, spans: Sequence[Span], but: Sequence[Span]) -> Line:
    program = unit.dwarfinfo.line_program_for_CU(unit)
    if program is None:
        return None, None
    states = [entry.state for entry in program.get_entries() if entry.state is not None]
    rows = [
        state
        for state in states
        if state.line
        and not state.end_sequence
        and is_in(state.address, spans)
        and not is_in(state.address, but)
    ]
    if not rows:
        return None, None
    near = min(rows, key=lambda row: (row.address > address, abs(row.address - address)))
    return file_of(unit, program, near.file), near.line


def file_of(unit: CompileUnit, program: LineProgram, number: int) -> Path:
    """The source that a line program has by this number."""
    header = program.header
    first = 0 if header["version"] >= 5 else 1  # what files and folders are counted from
    entry = header["file_entry"][number - first]
    folders = [text(folder) for folder in header["include_directory"]]
    built_in = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    base = Path(text(built_in.value)) if built_in is not None else Path()
    if first == 1:
        folders.insert(0, str(base))
    folder = folders[entry.dir_index] if entry.dir_index < len(folders) else ""
    return base / folder / text(entry.name)


def text(value: bytes | str) -> str:
    """A name, as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def declared_at(file: Path, address: int) -> Line:
    """The line of the name of the function that begins at an address: its first instruction may be
    of another."""
    try:
        with opened(file) as elf:
            dwarf = elf.get_dwarf_info(follow_links=False)
            for unit in _units(dwarf, address):
                for entry in islice(unit_entries(unit), _MOST_ENTRIES):
                    begins = entry.attributes.get("DW_AT_low_pc")
                    line = entry.attributes.get("DW_AT_decl_line")
                    source = entry.attributes.get("DW_AT_decl_file")
                    if begins is None or begins.value != address or not line or not source:
                        continue
                    program = dwarf.line_program_for_CU(unit)
                    if program is not None:
                        return file_of(unit, program, source.value), line.value
    except Exception:  # as above
        pass
    return None, None
