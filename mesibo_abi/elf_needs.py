"""What a library needs of others, and where the dynamic linker finds those: none of them is opened
by it for this, and none of their code runs."""

from __future__ import annotations

import functools
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.hash import GNUHashSection

from .elf_facts import dynamic_segment, dynamic_symbols, is_undefined, running_target, target_of

_CACHE = Path("/etc/ld.so.cache")
_CACHE_MAGIC = b"glibc-ld.so.cache1.1"
_CACHE_HEADER, _CACHE_ENTRY = 48, 24
_HEADER_SIZE = 64


@dataclass(frozen=True, slots=True)
class Needs:
    """The libraries that a library needs, and where it says that they are: `rpath` is for what
    these need as well, and void where there is a `runpath`."""

    path: Path
    libraries: tuple[str, ...]
    rpath: tuple[Path, ...]
    runpath: tuple[Path, ...]


def read_needs(path: Path) -> Needs | None:
    """Read once for each state of the file; None: it cannot be read."""
    try:
        return _needs(path, _state(path))
    except Exception:  # of the file, or of the parser, which trips over damaged data in all ways
        return None


def read_imports(path: Path) -> frozenset[str] | None:
    """The symbols that it imports. As `read_needs`; by itself, as libc alone has three thousand."""
    try:
        return _imports(path, _state(path))
    except Exception:  # as above
        return None


def _state(path: Path) -> tuple[int, ...]:
    state = path.stat()
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


@functools.lru_cache(maxsize=256)
def _needs(path: Path, _state: tuple[int, ...]) -> Needs:
    with path.open("rb") as file:
        dynamic = dynamic_segment(ELFFile(file))
        tags = () if dynamic is None else tuple(dynamic.iter_tags())
    named = {
        kind: [vars(tag)[kind] for tag in tags if tag["d_tag"] == f"DT_{kind.upper()}"]
        for kind in ("needed", "rpath", "runpath")
    }
    return Needs(
        path=path,
        libraries=tuple(named["needed"]),
        rpath=() if named["runpath"] else tuple(_places(named["rpath"], path)),
        runpath=tuple(_places(named["runpath"], path)),
    )


@functools.lru_cache(maxsize=256)
def _imports(path: Path, _state: tuple[int, ...]) -> frozenset[str]:
    with path.open("rb") as file:
        return frozenset(s.name for s in dynamic_symbols(ELFFile(file)) if is_undefined(s))


def _places(values: list[str], path: Path) -> Iterator[Path]:
    """The directories in a search path of the file."""
    # Of the path as it was given: the linker does not look where links lead either.
    origin = str(path.absolute().parent)
    for entry in (entry for value in values for entry in value.split(":")):
        place = entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
        if "$" not in place:  # $LIB and $PLATFORM differ from system to system
            yield Path(place)


@dataclass(frozen=True, slots=True)
class Need:
    """A library that `by` needs, and where it is; None: nowhere."""

    name: str
    by: Path
    file: Path | None


def all_needs(path: Path) -> Iterator[Need]:
    """The libraries that it needs, and those that these need, as the dynamic linker finds them."""
    seen: set[Path] = set()
    needs = read_needs(path)
    waiting: list[tuple[Needs, tuple[Path, ...]]] = [] if needs is None else [(needs, ())]
    while waiting:
        needing, inherited = waiting.pop(0)
        for name in needing.libraries:
            file = find_library(name, needing, inherited)
            if file in seen:
                continue
            yield Need(name, needing.path, file)
            if file is not None:
                seen.add(file)
                if (found := read_needs(file)) is not None:
                    waiting.append((found, (*needing.rpath, *inherited)))


def unresolved(path: Path) -> list[str]:
    """The symbols it cannot do without that neither the libraries that it needs, as far as they are
    found, nor libc define. What hosts define is among them."""
    wanted = _strong_imports(path)
    libc = _cached().get("libc.so.6", [])
    for file in [*(need.file for need in all_needs(path)), *libc]:
        if wanted and file is not None:
            wanted -= _defined_by(file, wanted)
    return sorted(wanted)


def _strong_imports(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {
            symbol.name
            for symbol in dynamic_symbols(ELFFile(file))
            if symbol.name and is_undefined(symbol) and symbol["st_info"]["bind"] == "STB_GLOBAL"
        }


def _defined_by(file: Path, names: Iterable[str]) -> set[str]:
    """Looked up in its hash table, as libraries define thousands."""
    try:
        with file.open("rb") as opened:
            elf = ELFFile(opened)
            for table in elf.iter_sections("SHT_GNU_HASH"):
                if isinstance(table, GNUHashSection):
                    return {name for name in names if table.get_symbol(name) is not None}
            return {s.name for s in dynamic_symbols(elf) if not is_undefined(s)} & set(names)
    except Exception:  # as above
        return set()


def find_library(name: str, needing: Needs, inherited: tuple[Path, ...]) -> Path | None:
    """The file that the dynamic linker takes for a needed library; `inherited` are the directories
    of the libraries that led here. None: it is nowhere."""
    candidates = [Path(name)] if "/" in name else _candidates(name, needing, inherited)
    return next((file for file in candidates if _is_of_this_machine(file)), None)


def _candidates(name: str, needing: Needs, inherited: tuple[Path, ...]) -> Iterator[Path]:
    if not needing.runpath:
        yield from (place / name for place in (*needing.rpath, *inherited))
    variable = os.environ.get("LD_LIBRARY_PATH", "")
    places = variable.replace(";", ":").split(":") if variable else []
    yield from (Path(place) / name for place in places)
    yield from (place / name for place in needing.runpath)
    yield from _cached().get(name, ())
    yield from (Path(place, name) for place in ("/lib64", "/usr/lib64", "/lib", "/usr/lib"))


def _is_of_this_machine(file: Path) -> bool:
    """The linker passes over what is of another."""
    try:
        with file.open("rb") as opened:
            return target_of(opened.read(_HEADER_SIZE)) == running_target()
    except (OSError, ValueError):
        return False


def _cached() -> dict[str, list[Path]]:
    """The libraries of the system, by name, as ldconfig wrote them down."""
    try:
        return _read_cache(_CACHE.stat().st_mtime_ns)
    except (OSError, ValueError, struct.error):
        return {}


@functools.lru_cache(maxsize=1)
def _read_cache(_time: int) -> dict[str, list[Path]]:
    data = _CACHE.read_bytes()
    data = data[data.index(_CACHE_MAGIC) :]  # an older format may stand before it
    (count,) = struct.unpack_from("=I", data, len(_CACHE_MAGIC))
    found: dict[str, list[Path]] = {}
    for n in range(count):
        _, name, path = struct.unpack_from("=III", data, _CACHE_HEADER + n * _CACHE_ENTRY)
        file = Path(os.fsdecode(_text(data, path)))
        found.setdefault(os.fsdecode(_text(data, name)), []).append(file)
    return found


def _text(data: bytes, start: int) -> bytes:
    return data[start : data.index(b"\0", start)]
