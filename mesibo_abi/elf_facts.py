"""What an ELF file holds, as plain facts; nothing is judged here, and none of its code runs."""

from __future__ import annotations

import enum
import errno
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple

# The whole of it at once: a host that loads while other threads are busy would wait for the GIL at
# each of its many files.
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Symbol, SymbolTableSection
from elftools.elf.segments import NoteSegment

from .errors import LoadError

ENTRY_POINT = re.compile(r"mesibo_module_(?P<name>\w+)_init", re.ASCII)
"""The name of an entry point."""

_MAGIC = b"\x7fELF"
_HEADER_SIZE = 52  # of the smaller, 32-bit class
_DF_1_PIE = 0x08000000
_MACHINES = {
    3: "i386",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86-64",
    183: "aarch64",
    243: "riscv",
    258: "loongarch",
}
# A library may carry the debugging information of much else; the module's own struct comes early.
_MOST_ENTRIES = 100_000
_STRUCTS = ("DW_TAG_structure_type", "DW_TAG_class_type")


class _StructNames(NamedTuple):
    """How the debugging information calls a struct."""

    typedef: bytes
    tag: bytes


_MODULE = _StructNames(b"mesibo_module_t", b"mesibo_module_s")
_HTTP_OPTIONS = _StructNames(b"module_http_option_t", b"_module_http_option_t")


class Kind(enum.StrEnum):
    """What sort of ELF file it is."""

    SHARED = "a shared library"
    EXECUTABLE = "an executable"
    RELOCATABLE = "an object file"
    CORE = "a core dump"
    OTHER = "an ELF file of another type"


@dataclass(frozen=True, slots=True)
class Target:
    """What a file was compiled for."""

    machine: str
    bits: int
    byte_order: str

    def __str__(self) -> str:
        """For messages: `x86-64, 64-bit, little-endian`."""
        return f"{self.machine}, {self.bits}-bit, {self.byte_order}-endian"


@dataclass(frozen=True, slots=True)
class Library:
    """The facts. Symbol names are as they stand in the file, sorted.

    `hidden_entry_points` are entry points that the file has but does not export, looked for only
    where it exports none; `tags` are the revisions that our headers noted; `module_size` is
    sizeof(mesibo_module_t) in bytes by the debugging information, None where that does not say
    (and not looked at where there is a tag); `http_option_size` is that of module_http_option_t,
    looked for where the library imports a function that takes one.
    """

    kind: Kind
    target: Target
    exported: tuple[str, ...]
    undefined: tuple[str, ...]
    hidden_entry_points: tuple[str, ...]
    needed: tuple[str, ...]
    tags: tuple[str, ...]
    module_size: int | None
    http_option_size: int | None


def read_library(path: Path) -> Library:
    """Reads the file. Raises LoadError for what is no readable, whole ELF file."""
    data = _read(path)
    if not data.startswith(_MAGIC):
        raise LoadError(
            f"{path}: not an ELF file",
            path=path,
            detail="expected the bytes 7f 45 4c 46 at its start, found "
            + (data.hex(" ") or "an empty file"),
            hint="a module is a shared library: build the source with `mesibo-abi build`",
        )
    try:
        return _parse(data)
    except Exception as error:  # the parser trips over damaged data in all ways there are
        raise LoadError(
            f"{path}: a damaged ELF file",
            path=path,
            detail=f"expected tables that lie within its {len(data)} bytes, "
            f"found: {type(error).__name__}: {error}",
            hint="build it again, or copy it again",
        ) from error


def running_target() -> Target:
    """What this process was compiled for: what its modules must be compiled for."""
    with Path("/proc/self/exe").open("rb") as executable:
        return target_of(executable.read(_HEADER_SIZE))


def _read(path: Path) -> bytes:
    """The whole of an ELF file; of any other file, which may be huge, only its first bytes."""
    try:
        # Asked first: to open a pipe would wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "a directory" if path.is_dir() else "no regular file")
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
            return start + file.read() if start == _MAGIC else start
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        found = error.strerror if isinstance(error, OSError) else "a NUL in the path"
        raise LoadError(
            f"{path}: no such file" if missing else f"{path}: cannot be read as a library",
            path=path,
            detail=f"expected a shared library, found: {found}",
            hint="build it first with `mesibo-abi build`, or give another path"
            if missing
            else "give the path of a file that may be read",
        ) from error


def target_of(header: bytes) -> Target:
    """By the first bytes of an ELF file. Raises ValueError where they do not say."""
    if len(header) < _HEADER_SIZE or header[4] not in (1, 2) or header[5] not in (1, 2):
        raise ValueError("the header is cut short or names no class and byte order")
    order = "little" if header[5] == 1 else "big"
    number = int.from_bytes(header[18:20], "little" if header[5] == 1 else "big")
    return Target(_MACHINES.get(number, f"machine {number}"), 32 * header[4], order)


def _parse(data: bytes) -> Library:
    elf = ELFFile(BytesIO(data))
    for segment in elf.iter_segments():
        if segment["p_offset"] + segment["p_filesz"] > len(data):
            raise ValueError("a segment that ends behind the end of the file")
    kind = _kind(elf)
    tags = tuple(sorted(set(_tags(elf))))
    symbols = list(dynamic_symbols(elf))
    exported = {symbol.name for symbol in symbols if symbol.name and _is_exported(symbol)}
    undefined = {symbol.name for symbol in symbols if symbol.name and is_undefined(symbol)}
    untold = kind is Kind.SHARED and not tags
    takes_options = untold and any("mesibo_http" in name for name in undefined)
    has_entry_point = any(ENTRY_POINT.search(name) for name in exported)
    return Library(
        kind=kind,
        target=target_of(data[:_HEADER_SIZE]),
        exported=tuple(sorted(exported)),
        undefined=tuple(sorted(undefined)),
        hidden_entry_points=() if has_entry_point else tuple(sorted(set(_entry_points(elf)))),
        needed=tuple(_needed(elf)),
        tags=tags,
        module_size=_size_of(elf, _MODULE) if untold else None,
        http_option_size=_size_of(elf, _HTTP_OPTIONS) if takes_options else None,
    )


def dynamic_segment(elf: ELFFile) -> DynamicSegment | None:
    """What the dynamic linker reads of the file."""
    segments = elf.iter_segments("PT_DYNAMIC")
    return next((segment for segment in segments if isinstance(segment, DynamicSegment)), None)


def _kind(elf: ELFFile) -> Kind:
    kinds = {"ET_REL": Kind.RELOCATABLE, "ET_EXEC": Kind.EXECUTABLE, "ET_CORE": Kind.CORE}
    if elf["e_type"] != "ET_DYN":
        return kinds.get(elf["e_type"], Kind.OTHER)
    dynamic = dynamic_segment(elf)
    flags = () if dynamic is None else dynamic.iter_tags("DT_FLAGS_1")
    is_pie = any(tag["d_val"] & _DF_1_PIE for tag in flags)
    return Kind.EXECUTABLE if is_pie else Kind.SHARED


def _needed(elf: ELFFile) -> Iterator[str]:
    dynamic = dynamic_segment(elf)
    for tag in () if dynamic is None else dynamic.iter_tags("DT_NEEDED"):
        yield vars(tag)["needed"]


def dynamic_symbols(elf: ELFFile) -> Iterator[Symbol]:
    """The dynamic ones: by their section where the file has section headers, else as the dynamic
    linker finds them."""
    for section in elf.iter_sections("SHT_DYNSYM"):
        if isinstance(section, SymbolTableSection):
            return section.iter_symbols()
    dynamic = dynamic_segment(elf)
    return iter(()) if dynamic is None else dynamic.iter_symbols()


def is_undefined(symbol: Symbol) -> bool:
    """Whether it is imported."""
    return bool(symbol["st_shndx"] == "SHN_UNDEF")


def _is_exported(symbol: Symbol) -> bool:
    hidden = symbol["st_other"]["visibility"] in ("STV_HIDDEN", "STV_INTERNAL")
    return not (is_undefined(symbol) or hidden or symbol["st_info"]["bind"] == "STB_LOCAL")


def _entry_points(elf: ELFFile) -> Iterator[str]:
    """The entry points that only the symbol table knows: static ones, hidden ones."""
    for section in elf.iter_sections("SHT_SYMTAB"):
        if isinstance(section, SymbolTableSection):
            for symbol in section.iter_symbols():
                if ENTRY_POINT.search(symbol.name) and not is_undefined(symbol):
                    yield symbol.name


def _tags(elf: ELFFile) -> Iterator[str]:
    """The revisions in the notes that our headers leave."""
    for segment in elf.iter_segments("PT_NOTE"):
        if isinstance(segment, NoteSegment):
            for note in segment.iter_notes():
                # The reader names type 1 as if every note were GNU's.
                if note["n_name"] == "mesibo" and note["n_type"] in (1, "NT_GNU_ABI_TAG"):
                    yield note["n_descdata"].rstrip(b"\0").decode("ascii", "replace")


def _size_of(elf: ELFFile, names: _StructNames) -> int | None:
    """The size of a struct by the debugging information. Where that is absent, split off,
    compressed in a way not known here or damaged, other means have to tell the revision."""
    if not elf.has_dwarf_info(strict=True) or debug_is_elsewhere(elf):
        return None
    try:
        dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False, follow_links=False)
        entries = (entry for unit in dwarf.iter_CUs() for entry in unit_entries(unit))
        sizes = (_size_of_struct(entry, names) for entry in islice(entries, _MOST_ENTRIES))
        return next((size for size in sizes if size is not None), None)
    except Exception:  # as above: the parser raises whatever damaged data leads to
        return None


def debug_is_elsewhere(elf: ELFFile) -> bool:
    """Whether sections were emptied; the parser would make as many zeros as they claim to hold."""
    names = (".debug", ".zdebug", ".eh_frame")
    return any(section.name.startswith(names) for section in elf.iter_sections("SHT_NOBITS"))


def unit_entries(unit: CompileUnit) -> Iterator[DIE]:
    """The entries of a unit, those inside others left out where the file says how to skip them.

    Offsets only grow, so damaged data cannot lead in circles.
    """
    top = unit.get_top_DIE()
    at, end = top.offset + top.size, unit.cu_offset + unit.size
    while at < end:
        entry = DIE(unit, top.stream, at)
        yield entry
        at += entry.size
        sibling = entry.attributes.get("DW_AT_sibling")
        if sibling is not None and sibling.form != "DW_FORM_ref_addr":
            at = max(at, unit.cu_offset + sibling.raw_value)


def _size_of_struct(entry: DIE, names: _StructNames) -> int | None:
    name = entry.attributes.get("DW_AT_name")
    if name is None or name.value not in names:
        return None
    if entry.tag == "DW_TAG_typedef" and name.value == names.typedef:
        entry = entry.get_DIE_from_attribute("DW_AT_type")
    elif name.value != names.tag:
        return None
    size = entry.attributes.get("DW_AT_byte_size")
    return size.value if size is not None and entry.tag in _STRUCTS else None
