"""The entries of a unit of debugging information, most of them only passed over: to read each of
them takes several times as long, and a report waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time only where it is used: the package must import fast
    from elftools.dwarf.abbrevtable import AbbrevDecl
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.die import DIE

_SIZES = {
    "data1": 1, "ref1": 1, "flag": 1, "strx1": 1, "addrx1": 1,
    "data2": 2, "ref2": 2, "strx2": 2, "addrx2": 2,
    "strx3": 3, "addrx3": 3,
    "data4": 4, "ref4": 4, "strx4": 4, "addrx4": 4,
    "data8": 8, "ref8": 8, "ref_sig8": 8,
    "data16": 16,
    "flag_present": 0, "implicit_const": 0,
}  # fmt: skip
_OFFSETS = ("sec_offset", "strp", "line_strp", "ref_addr")
_NUMBERS = ("udata", "sdata", "ref_udata", "strx", "addrx", "loclistx", "rnglistx")
_BLOCK_OF_NUMBER = ("exprloc", "block")

# What a step of a plan passes over: so many bytes, or one of these.
_NUMBER, _TEXT, _BLOCK = -1, -2, -3


_Steps = tuple[int, ...]


def functions_with_code(unit: CompileUnit) -> Iterator[DIE | None]:
    """All of the unit, wherever they are: gcc has those of a local class inside of that. None for
    each other entry. Offsets only grow, so damaged data cannot lead in circles."""
    from elftools.dwarf.die import DIE

    top = unit.get_top_DIE()
    stream = top.stream
    stream.seek(unit.cu_offset)
    data = stream.read(unit.size)
    table = unit.get_abbrev_table()
    plans: dict[int, _Steps | None] = {}
    at, end = top.offset + top.size - unit.cu_offset, unit.size
    while at < end:
        code, behind = _number(data, at)
        if code not in plans:
            plans[code] = None if code == 0 else _plan(table.get_abbrev(code), unit)
        plan = plans[code]
        if plan is not None:
            at = _pass(data, behind, plan)
            yield None
        elif code == 0:
            at = behind
            yield None
        else:
            entry = DIE(unit, stream, unit.cu_offset + at)
            at += entry.size
            yield entry if _is_wanted(table.get_abbrev(code)) else None


def _is_wanted(declared: AbbrevDecl) -> bool:
    names = [name for name, _ in declared.iter_attr_specs()]
    has_code = "DW_AT_low_pc" in names or "DW_AT_ranges" in names
    return declared["tag"] == "DW_TAG_subprogram" and has_code


def _plan(declared: AbbrevDecl, unit: CompileUnit) -> _Steps | None:
    """None: it is to be read."""
    if _is_wanted(declared):
        return None
    steps: list[int] = []
    for _, form in declared.iter_attr_specs():
        step = _step(form.removeprefix("DW_FORM_"), unit)
        if step is None:
            return None
        if step >= 0 and steps and steps[-1] >= 0:
            steps[-1] += step
        else:
            steps.append(step)
    return tuple(steps)


def _step(form: str, unit: CompileUnit) -> int | None:
    if form == "addr":
        return int(unit["address_size"])
    if form in _OFFSETS:
        is_long = unit.dwarf_format() == 64
        return None if form == "ref_addr" and unit["version"] < 3 else 8 if is_long else 4
    if form in _NUMBERS:
        return _NUMBER
    if form == "string":
        return _TEXT
    if form in _BLOCK_OF_NUMBER:
        return _BLOCK
    return _SIZES.get(form)


def _pass(data: bytes, at: int, steps: _Steps) -> int:
    for step in steps:
        if step >= 0:
            at += step
        elif step == _TEXT:
            at = data.index(b"\0", at) + 1
        else:
            number, at = _number(data, at)
            if step == _BLOCK:
                at += number
    return at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """LEB128, without a sign; and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
