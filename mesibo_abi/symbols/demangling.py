"""C++ names as people write them, without their parameters: by c++filt, of the binutils. Without
it they stay as the linker has them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from .names import Names

_TOOL = "c++filt"
_PATIENCE = 10.0
_MANGLED = "_Z"
Key = TypeVar("Key")


def plain(named: Mapping[Key, Names]) -> dict[Key, Names]:
    """All names of these, by one process; by none where no name is of C++."""
    mangled = sorted({name for names in named.values() for name in _names(names)})
    words = dict(zip(mangled, _demangled(mangled), strict=False)) if mangled else {}
    return {key: _with(names, words) for key, names in named.items()}


def _names(names: Names) -> Iterator[str]:
    for each in (names, *names.callers):
        for name in (each.function, each.outer):
            if name is not None and name.startswith(_MANGLED):
                yield name


def _with(names: Names, words: Mapping[str, str]) -> Names:
    return names._replace(
        function=words.get(names.function or "", names.function),
        outer=words.get(names.outer or "", names.outer),
        callers=tuple(_with(caller, words) for caller in names.callers),
    )


def _demangled(names: Iterable[str]) -> list[str]:
    try:
        done = subprocess.run(
            [_TOOL, "--no-params", *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="surrogateescape",
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines()
