"""Which functions an address is in, by the debugging information (DWARF): the one whose code it is,
and those that the compiler inlined there. addr2line tells it wrong of C++ by gcc, where it calls
the innermost by the name of the outermost, and not at all of version 5 by clang."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import debugging
from .debugging import Span, is_in
from .entries import functions_with_code
from .names import Names
from .tables import opened

if TYPE_CHECKING:  # at run time only where it is used: the package must import fast
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.die import DIE
    from elftools.dwarf.dwarfinfo import DWARFInfo

_MOST_ENTRIES = 100_000  # of a unit: who waits for a report does not wait for all of a large one
_MOST_ORIGINS = 4  # from an inlined function to the declaration that has its name


class Calls(NamedTuple):
    """Functions that are inlined into each other, innermost first: the first without a line, the
    others with that of the call. `spans` is where the code of the innermost is, but for `within`,
    what was inlined into it."""

    functions: tuple[Names, ...]
    spans: Sequence[Span]
    within: Sequence[Span]


class _Call(NamedTuple):
    entry: DIE
    spans: Sequence[Span]


def calls(file: Path, addresses: Iterable[int]) -> dict[int, Calls]:
    """For each address that is in a function with debugging information."""
    found: dict[int, Calls] = {}
    try:
        with opened(file) as elf:
            if elf.has_dwarf_info(strict=True):
                dwarf = elf.get_dwarf_info(follow_links=False)
                for unit, wanted in _by_unit(dwarf, sorted(set(addresses))):
                    found |= _of_unit(unit, wanted)
    except Exception:  # the file is gone, or the parser trips over damaged data
        pass
    return found


def _by_unit(dwarf: DWARFInfo, addresses: list[int]) -> Iterator[tuple[CompileUnit, list[int]]]:
    """First those that the table of addresses leads to: what a unit itself says takes long to
    read. Of units that a compiler has put into no such table, all are asked."""
    table = dwarf.get_aranges()
    listed = set[int]() if table is None else {entry.info_offset for entry in table.entries}
    told = () if table is None else map(table.cu_offset_at_addr, addresses)
    ahead = (dwarf.get_CU_at(offset) for offset in dict.fromkeys(told) if offset is not None)
    others = (unit for unit in dwarf.iter_CUs() if unit.cu_offset not in listed)
    for unit in chain(ahead, others):
        if not addresses:
            return
        spans = _spans(unit, unit.get_top_DIE())
        wanted = [address for address in addresses if is_in(address, spans)]
        if wanted:
            yield unit, wanted
            addresses = [address for address in addresses if address not in wanted]


def _of_unit(unit: CompileUnit, addresses: list[int]) -> dict[int, Calls]:
    found = {}
    left = set(addresses)
    for function in islice(functions_with_code(unit), _MOST_ENTRIES):
        if function is None:
            continue
        spans = _spans(unit, function)
        inside = [address for address in left if is_in(address, spans)]
        if inside:
            inlined = [_Call(function, spans), *_inlined(unit, function)]
            for address in inside:
                here = [call for call in inlined if is_in(address, call.spans)]
                others = [span for call in inlined if call not in here for span in call.spans]
                found[address] = Calls(_names(unit, here[::-1]), here[-1].spans, others)
            left.difference_update(inside)
        if not left:
            break
    return found


def _inlined(unit: CompileUnit, function: DIE) -> Iterator[_Call]:
    """What was inlined into a function, the outer before the inner."""
    from elftools.dwarf.die import DIE

    depth, at = int(bool(function.has_children)), function.offset + function.size
    end = unit.cu_offset + unit.size
    while depth > 0 and at < end:
        entry = DIE(unit, function.stream, at)
        at += entry.size
        if entry.tag == "DW_TAG_inlined_subroutine":
            yield _Call(entry, _spans(unit, entry))
        depth += -1 if entry.is_null() else int(bool(entry.has_children))


def _names(unit: CompileUnit, here: Sequence[_Call]) -> tuple[Names, ...]:
    places = [(None, None), *(_call_place(unit, call.entry) for call in here[:-1])]
    return tuple(Names(_name(call.entry), *place) for call, place in zip(here, places, strict=True))


def _call_place(unit: CompileUnit, inlined: DIE) -> debugging.Line:
    number = inlined.attributes.get("DW_AT_call_file")
    line = inlined.attributes.get("DW_AT_call_line")
    program = unit.dwarfinfo.line_program_for_CU(unit)
    if number is None or line is None or program is None:
        return None, None
    return debugging.file_of(unit, program, number.value), line.value


def _name(entry: DIE) -> str | None:
    """As the linker has it, which says its class and namespace; else as the source does."""
    plain = None
    for _ in range(_MOST_ORIGINS):
        for attribute in ("DW_AT_linkage_name", "DW_AT_MIPS_linkage_name"):
            if attribute in entry.attributes:
                return debugging.text(entry.attributes[attribute].value)
        if plain is None and "DW_AT_name" in entry.attributes:
            plain = debugging.text(entry.attributes["DW_AT_name"].value)
        origins = ("DW_AT_abstract_origin", "DW_AT_specification")
        origin = next((name for name in origins if name in entry.attributes), None)
        if origin is None:
            break
        entry = entry.get_DIE_from_attribute(origin)
    return plain


def _spans(unit: CompileUnit, entry: DIE) -> list[Span]:
    """Where its code is."""
    from elftools.dwarf.descriptions import describe_form_class
    from elftools.dwarf.ranges import BaseAddressEntry

    low, high = (entry.attributes.get(name) for name in ("DW_AT_low_pc", "DW_AT_high_pc"))
    ranges = entry.attributes.get("DW_AT_ranges")
    if ranges is not None:
        lists = unit.dwarfinfo.range_lists()
        first = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        base = 0 if first is None else first.value
        spans = []
        for part in [] if lists is None else lists.get_range_list_at_offset(ranges.value, unit):
            if isinstance(part, BaseAddressEntry):
                base = part.base_address
            else:
                start = 0 if getattr(part, "is_absolute", False) else base
                spans.append((start + part.begin_offset, start + part.end_offset))
        return spans
    if low is None or high is None:
        return []
    is_address = describe_form_class(high.form) == "address"
    return [(low.value, high.value if is_address else low.value + high.value)]
