"""The layouts of structs, as the debugging information of a library has them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .elf_facts import debug_is_elsewhere, unit_entries

if TYPE_CHECKING:  # at run time only where it is used: the package must import fast
    from elftools.dwarf.die import DIE

_MOST_ENTRIES = 100_000  # a library may carry the debugging information of much else
_STRUCTS = ("DW_TAG_structure_type", "DW_TAG_class_type")
_ALIASES = ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type")


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a struct: where it begins and how large it is, in bytes; `size` None: not told."""

    name: str
    offset: int
    size: int | None


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct, by the name of its typedef."""

    name: str
    size: int
    members: tuple[Member, ...]


def read_structs(path: Path, names: Collection[str]) -> dict[str, Struct]:
    """Those of these structs that the library tells of. None where it has no debugging information,
    or damaged one."""
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            if not elf.has_dwarf_info(strict=True) or debug_is_elsewhere(elf):
                return {}
            dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False, follow_links=False)
            entries = (entry for unit in dwarf.iter_CUs() for entry in unit_entries(unit))
            return _structs(list(islice(entries, _MOST_ENTRIES)), names)
    except Exception:  # the parser raises whatever damaged data leads to
        return {}


def _structs(entries: list[DIE], names: Collection[str]) -> dict[str, Struct]:
    found: dict[str, Struct] = {}
    for entry in entries:
        name = _name(entry)
        if entry.tag == "DW_TAG_typedef" and name in names and name not in found:
            struct = _struct(name, entry.get_DIE_from_attribute("DW_AT_type"))
            if struct is not None:
                found[name] = struct
    return found


def _struct(name: str, entry: DIE) -> Struct | None:
    """None: not a struct, or only declared there."""
    if entry.tag not in _STRUCTS or "DW_AT_byte_size" not in entry.attributes:
        return None
    members = [
        Member(_name(child), _number(child, "DW_AT_data_member_location") or 0, _size(child))
        for child in entry.iter_children()
        if child.tag == "DW_TAG_member"
    ]
    return Struct(name, entry.attributes["DW_AT_byte_size"].value, tuple(members))


def _size(entry: DIE) -> int | None:
    """That of its type, whatever that is called."""
    kind = entry.get_DIE_from_attribute("DW_AT_type")
    while kind.tag in _ALIASES and "DW_AT_type" in kind.attributes:
        kind = kind.get_DIE_from_attribute("DW_AT_type")
    return _number(kind, "DW_AT_byte_size")


def _number(entry: DIE, attribute: str) -> int | None:
    found = entry.attributes.get(attribute)
    return found.value if found is not None and isinstance(found.value, int) else None


def _name(entry: DIE) -> str:
    found = entry.attributes.get("DW_AT_name")
    return found.value.decode("utf-8", "replace") if found is not None else ""
