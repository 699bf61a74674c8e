"""Whether a library may start threads of its own: by what it imports, and what the libraries that
it needs import."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .elf_needs import Needs, find_library, read_imports, read_needs

_STARTERS = frozenset(
    {
        "__clone",
        "clone",
        "clone3",
        "getaddrinfo_a",
        "mq_notify",
        "pthread_create",
        "thrd_create",
        "timer_create",
        *(f"aio_{what}{bits}" for what in ("fsync", "read", "write") for bits in ("", "64")),
        *(f"lio_listio{bits}" for bits in ("", "64")),
    }
)
_PREFIXES = ("_ZNSt6thread15_M_start_thread", "_ZNSt3__115__thread_")  # libstdc++, libc++
# What these start, they are asked for by a function above; or it never runs code of a module.
_SYSTEM = re.compile(
    r"(lib(anl|atomic|c|crypt|dl|gcc_s|m|nsl|pthread|resolv|rt|stdc\+\+|unwind|util|c\+\+(abi)?"
    r"|[ahlt]san|ubsan)|libc\.musl-\w+|ld-linux[\w-]*|ld64|linux-vdso)\.so[.\d]*"
)


def is_of_the_system(library: str) -> bool:
    """Whether a needed library is one of libc's or of a compiler's, by its name."""
    return _SYSTEM.fullmatch(library) is not None


def starts_threads(symbols: Iterable[str]) -> bool:
    """Whether one of these functions starts threads."""
    return any(symbol in _STARTERS or symbol.startswith(_PREFIXES) for symbol in symbols)


def stands_alone(libraries: Iterable[str]) -> bool:
    """Whether a library that needs these needs none but well-known ones of the system."""
    return all(_SYSTEM.fullmatch(name) for name in libraries)


def may_start_threads(library: Path) -> bool:
    """Whether it may, or a library that it needs, well-known ones of the system left out. What
    cannot be found or read may. Calls by dlopen and bare system calls cannot be seen."""
    needs = read_needs(library)
    return needs is None or _may(needs, (), {library})


def _may(needs: Needs, inherited: tuple[Path, ...], seen: set[Path]) -> bool:
    imports = read_imports(needs.path)
    if imports is None or starts_threads(imports):
        return True
    for name in needs.libraries:
        if is_of_the_system(name):
            continue
        file = find_library(name, needs, inherited)
        if file is None:
            return True
        if file in seen:
            continue
        seen.add(file)
        found = read_needs(file)
        if found is None or _may(found, (*needs.rpath, *inherited), seen):
            return True
    return False
