"""Inspects a module's library without running any of it: what it is, and what is wrong with it."""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .checks import as_path
from .elf_facts import ENTRY_POINT, Kind, Library, read_library, running_target
from .thread_starters import may_start_threads, stands_alone, starts_threads

_SDK_COMMON = frozenset(
    {
        "mesibo_log",
        "mesibo_message",
        "mesibo_util_create_thread",
        "mesibo_util_getconfig",
        "mesibo_util_json_extract",
    }
)
_SDK2020_ONLY = frozenset(
    {
        "mesibo_util_fcgi",
        "mesibo_util_http",
        "mesibo_util_socket_close",
        "mesibo_util_socket_connect",
        "mesibo_util_socket_write",
        "mesibo_util_usec",
        "mesibo_vlog",
    }
)
HOST_SYMBOLS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "doc2019": frozenset(),
        "sdk2019": _SDK_COMMON | {"mesibo_http"},
        "sdk2020": _SDK_COMMON | _SDK2020_ONLY,
    }
)
"""The functions that a module of each revision imports from its host."""

_SDK = ("sdk2019", "sdk2020")
_ALL_HOST_SYMBOLS = frozenset[str]().union(*HOST_SYMBOLS.values())
_MODULE_SIZES = {96: "doc2019", 176: "sdk2019", 192: "sdk2020"}
_OPTIONS_WITH_SYNCHRONOUS = 152
_FILE_NAME = re.compile(r"mesibo_mod_(?P<name>\w+)\.so", re.ASCII)
_MANGLED = re.compile(r"_Z(?P<size>[1-9][0-9]{0,3})(?P<rest>mesibo_.*)")


class ToldBy(enum.StrEnum):
    """How the revision was told."""

    TAG = "tag"
    """By the note that this project's headers leave."""
    DWARF = "dwarf"
    """By the size of the module struct in the debugging information."""
    SYMBOLS = "symbols"
    """By the host functions it imports."""
    GUESS = "guess"
    """Nothing says otherwise: a module that imports no host function is most likely doc2019."""
    UNDECIDED = "undecided"
    """It imports only what several revisions have; its init would have to be asked."""


class ProblemCode(enum.StrEnum):
    """What sort of problem it is."""

    NOT_SHARED = "not-shared"
    WRONG_MACHINE = "wrong-machine"
    FILE_NAME = "file-name"
    NO_ENTRY_POINT = "no-entry-point"
    MANGLED_ENTRY_POINT = "mangled-entry-point"
    ENTRY_POINT_NAME = "entry-point-name"
    UNKNOWN_HOST_SYMBOL = "unknown-host-symbol"
    FOREIGN_HOST_SYMBOL = "foreign-host-symbol"
    MIXED_REVISIONS = "mixed-revisions"
    UNKNOWN_REVISION = "unknown-revision"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a library from being a good module: what and where, expected and found,
    what to do. `str(problem)` is the three, one below the other, as an Error prints them."""

    code: ProblemCode
    text: str
    detail: str
    hint: str

    def __str__(self) -> str:
        """All three parts."""
        return f"{self.text}\n  {self.detail}\n  hint: {self.hint}"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a library is.

    `name` is from the file's name (None: not of the form mesibo_mod_<name>.so); `revision` is None
    where it is undecided, and `candidates` are those it may be. `entry_point` is the symbol that
    matches the file's name, else the only one there is. `exported`, `undefined` (weak ones
    included) and `needed` are as they stand in the file; symbols are sorted.
    `has_synchronous`: its module_http_option_t (sdk2019) is known to have that word, the last one.
    `starts_threads`: it imports a function that starts threads, or a library that it needs does,
    or cannot be found. What is called by dlopen, and bare system calls, cannot be seen.
    """

    path: Path
    name: str | None
    revision: str | None
    told_by: ToldBy
    candidates: tuple[str, ...]
    entry_point: str | None
    exported: tuple[str, ...]
    undefined: tuple[str, ...]
    machine: str
    needed: tuple[str, ...]
    has_synchronous: bool
    starts_threads: bool
    problems: tuple[Problem, ...]

    @property
    def entry_points(self) -> list[str]:
        """All that have the name of one."""
        return _entry_points(self.exported)


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Reads the library and lists every problem found. None of its code runs.

    Raises LoadError where there is nothing to list: no such file, no ELF file, a damaged one.
    """
    file = as_path("the library", path)
    library = read_library(file)
    name = module_name(file)
    revision, told_by, candidates = _tell(library)
    return Inspection(
        path=file,
        name=name,
        revision=revision,
        told_by=told_by,
        candidates=candidates,
        entry_point=_choose(name, _entry_points(library.exported)),
        exported=library.exported,
        undefined=library.undefined,
        machine=library.target.machine,
        needed=library.needed,
        has_synchronous=_has_synchronous(library),
        starts_threads=_starts_threads(file, library),
        problems=tuple(_problems(file, name, library)),
    )


def entry_point_name(name: str) -> str:
    """The entry point of the module `name`: the function that the host calls first."""
    return f"mesibo_module_{name}_init"


def module_name(path: Path) -> str | None:
    """The module's name by the name of its file, mesibo_mod_<name>.so; None for any other."""
    found = _FILE_NAME.fullmatch(path.name)
    return found["name"] if found else None


def _tell(library: Library) -> tuple[str | None, ToldBy, tuple[str, ...]]:
    """The revision, how it was told, and the candidates; the surest evidence first."""
    if len(library.tags) == 1:
        return library.tags[0], ToldBy.TAG, library.tags
    if library.tags:
        return None, ToldBy.UNDECIDED, library.tags
    by_size = _MODULE_SIZES.get(library.module_size or 0)
    if by_size is not None:
        return by_size, ToldBy.DWARF, (by_size,)
    imports = {_plain(symbol) for symbol in library.undefined} & _ALL_HOST_SYMBOLS
    if not imports:
        return "doc2019", ToldBy.GUESS, tuple(HOST_SYMBOLS)
    candidates = tuple(revision for revision in _SDK if imports <= HOST_SYMBOLS[revision])
    if len(candidates) == 1:
        return candidates[0], ToldBy.SYMBOLS, candidates
    return None, ToldBy.UNDECIDED, candidates or _SDK


def is_of_a_host(symbol: str) -> bool:
    """Whether a function of that name is asked of the host: all of a host's are called so."""
    return _plain(symbol).startswith("mesibo_")


def _plain(symbol: str) -> str:
    """The name of a C++ function as its source has it; any other symbol as it is."""
    found = _MANGLED.match(symbol)
    if found is None or len(found["rest"]) < int(found["size"]):
        return symbol
    return found["rest"][: int(found["size"])]


def _has_synchronous(library: Library) -> bool:
    """Only the first weeks' header had it not: that of our tag has, and what came with the word."""
    return (
        library.tags == ("sdk2019",)
        or (library.http_option_size or 0) >= _OPTIONS_WITH_SYNCHRONOUS
        or any(_plain(symbol) == "mesibo_util_create_thread" for symbol in library.undefined)
    )


def _starts_threads(file: Path, library: Library) -> bool:
    """Where it needs no other, what was read of it says all."""
    if stands_alone(library.needed):
        return starts_threads(library.undefined)
    return may_start_threads(file)


def _entry_points(symbols: Iterable[str]) -> list[str]:
    return [symbol for symbol in symbols if ENTRY_POINT.fullmatch(symbol)]


def _choose(name: str | None, entry_points: list[str]) -> str | None:
    if name is not None and entry_point_name(name) in entry_points:
        return entry_point_name(name)
    return entry_points[0] if len(entry_points) == 1 else None


def _problems(path: Path, name: str | None, library: Library) -> Iterator[Problem]:
    yield from _machine_problems(path, library)
    if library.kind is not Kind.SHARED:
        yield Problem(
            ProblemCode.NOT_SHARED,
            f"{path}: not a shared library",
            f"expected a shared library, found {library.kind}",
            "link it with -shared and compile with -fPIC, or use `mesibo-abi build`",
        )
        return
    entry_points = _entry_points(library.exported)
    yield from _file_name_problems(path, name, entry_points)
    if not entry_points:
        yield _missing_entry_point(path, name, library)
    # Of mangled ones too: who gives them C linkage is not to meet the next problem only then.
    named = entry_points or _entry_points(sorted({_plain(s) for s in library.exported}))
    if named:
        yield from _entry_point_name_problems(path, name, named)
    yield from _host_symbol_problems(path, library)
    yield from _tag_problems(path, library)


def _machine_problems(path: Path, library: Library) -> Iterator[Problem]:
    running = running_target()
    if library.target != running:
        yield Problem(
            ProblemCode.WRONG_MACHINE,
            f"{path}: compiled for another machine",
            f"expected {running}, found {library.target}",
            "compile it with a compiler for this machine",
        )


def _file_name_problems(path: Path, name: str | None, entry_points: list[str]) -> Iterator[Problem]:
    if name is None:
        found = ENTRY_POINT.fullmatch(entry_points[0]) if len(entry_points) == 1 else None
        yield Problem(
            ProblemCode.FILE_NAME,
            f"{path}: not named as a module's file",
            f"expected mesibo_mod_<name>.so (letters, digits, _), found {path.name}",
            f"rename it to mesibo_mod_{found['name'] if found else '<name>'}.so, "
            "or load it with entry_point=",
        )


def _entry_point_name_problems(
    path: Path, name: str | None, entry_points: list[str]
) -> Iterator[Problem]:
    found = ", ".join(entry_points)
    if name is None and len(entry_points) > 1:
        yield Problem(
            ProblemCode.ENTRY_POINT_NAME,
            f"{path}: several entry points, and the file's name does not choose",
            f"expected one, or a file name mesibo_mod_<name>.so, found {found}",
            "name the file after the one that is meant, or load it with entry_point=",
        )
    if name is not None and entry_point_name(name) not in entry_points:
        yield Problem(
            ProblemCode.ENTRY_POINT_NAME,
            f"{path}: the entry point's name does not match the file's",
            f"expected {entry_point_name(name)}, found {found}",
            "rename the function or the file, or load it with entry_point=",
        )


def _missing_entry_point(path: Path, name: str | None, library: Library) -> Problem:
    wanted = entry_point_name(name or "<name>")
    mangled = [symbol for symbol in library.exported if _entry_points([_plain(symbol)])]
    if mangled:
        return Problem(
            ProblemCode.MANGLED_ENTRY_POINT,
            f"{path}: the entry point has a C++ name",
            f"expected {wanted}, found {', '.join(mangled)}",
            "put MESIBO_EXPORT before its definition: that gives it C linkage",
        )
    found = f"none among {len(library.exported)} exported symbols"
    if library.hidden_entry_points:
        found = f"{', '.join(library.hidden_entry_points)}, which is not exported"
    return Problem(
        ProblemCode.NO_ENTRY_POINT,
        f"{path}: no entry point",
        f"expected {wanted}, found {found}",
        f"define it: MESIBO_EXPORT int {wanted}(...), not static",
    )


def _host_symbol_problems(path: Path, library: Library) -> Iterator[Problem]:
    names = [symbol for symbol in library.undefined if is_of_a_host(symbol)]
    unknown = [symbol for symbol in names if _plain(symbol) not in _ALL_HOST_SYMBOLS]
    if unknown:
        yield Problem(
            ProblemCode.UNKNOWN_HOST_SYMBOL,
            f"{path}: imports what no host has",
            f"expected functions of {', '.join(HOST_SYMBOLS)}, found {', '.join(unknown)}",
            "correct the name, or link the file that defines it",
        )
    yield from _foreign_symbol_problems(path, library, names)


def _foreign_symbol_problems(path: Path, library: Library, names: list[str]) -> Iterator[Problem]:
    """Here they are there, on a server of that revision they are not, and nothing opens it."""
    revision, told_by, _ = _tell(library)
    if (
        revision is None
        or revision not in HOST_SYMBOLS
        or told_by not in (ToldBy.TAG, ToldBy.DWARF)
    ):
        return
    foreign = [
        symbol for symbol in names if _plain(symbol) in _ALL_HOST_SYMBOLS - HOST_SYMBOLS[revision]
    ]
    if foreign:
        theirs = [name for name, has in HOST_SYMBOLS.items() if set(map(_plain, foreign)) <= has]
        through = "call it through the module struct (mod->log and the like), or "
        yield Problem(
            ProblemCode.FOREIGN_HOST_SYMBOL,
            f"{path}: imports what a host of its revision has not",
            f"expected functions of {revision}"
            + ("" if HOST_SYMBOLS[revision] else ", which are in the module struct")
            + f", found {', '.join(foreign)}",
            ("" if HOST_SYMBOLS[revision] else through)
            + f"compile it against the header of {' or '.join(theirs) or 'one revision'}",
        )


def _tag_problems(path: Path, library: Library) -> Iterator[Problem]:
    tags = ", ".join(library.tags)
    if len(library.tags) > 1:
        yield Problem(
            ProblemCode.MIXED_REVISIONS,
            f"{path}: compiled against several revisions",
            f"expected one header for all its sources, found {tags}",
            "compile all of them with the same include directory",
        )
    elif library.tags and library.tags[0] not in HOST_SYMBOLS:
        yield Problem(
            ProblemCode.UNKNOWN_REVISION,
            f"{path}: compiled against a revision that is not known here",
            f"expected one of {', '.join(HOST_SYMBOLS)}, found {tags}",
            "update this package, or compile it against a revision that is known",
        )
