"""Arguments for a compiler that name files or folders. A finding has them relative to its file, as
its sources are: it is told from any folder, and goes with the project to another."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

_FOLDERS = {"-I", "-L", "-iquote", "-isystem", "-idirafter"}
_FILES = {"-include", "-imacros", "-Wl,--version-script="}
_WITH_NONE = {"-D", "-U", "-l", "-u", "-x", "-z", "-Xlinker", "-Xclang", "-mllvm", "-target"}
"""Options whose argument is a word, though a file may be called so."""
_OPTION = "|".join(map(re.escape, sorted(_FOLDERS | _FILES)))
_PARTS = re.compile(rf"({_OPTION})?(.*)", re.DOTALL)


def relative_to(folder: Path, arguments: Sequence[str]) -> tuple[list[str], list[int]]:
    """The arguments as they are for whoever is in `folder`, and the numbers of those in which that
    is a path."""
    numbers = list(_with_relative_path(arguments))
    made = list(arguments)
    for number in numbers:
        option, path = _parts(made[number])
        made[number] = option + os.path.relpath(path, folder)
    return made, numbers


def from_folder(folder: Path, arguments: Sequence[str], numbers: Collection[int]) -> list[str]:
    """The same back, for whoever is here."""
    made = list(arguments)
    for number in set(numbers) & set(range(len(made))):
        option, path = _parts(made[number])
        made[number] = option + os.path.normpath(folder / path)
    return made


def _with_relative_path(arguments: Sequence[str]) -> Iterator[int]:
    before = ""
    for number, argument in enumerate(arguments):
        option, path = (before, argument) if before in _FOLDERS | _FILES else _parts(argument)
        if before not in _WITH_NONE and _is_relative(option, path):
            yield number
        before = argument


def _is_relative(option: str, path: str) -> bool:
    """A folder need not be there yet. A file that is not may be one that is looked for in folders;
    and what is no option may be a word."""
    if not path or path.startswith(("-", "=", "$", "/")):  # `=` and `$SYSROOT` are the compiler's
        return False
    return option in _FOLDERS or Path(path).exists()


def _parts(argument: str) -> tuple[str, str]:
    """An option, where it begins with one that a path may follow at once; and the rest."""
    found = _PARTS.fullmatch(argument)
    assert found is not None
    return found[1] or "", found[2]
