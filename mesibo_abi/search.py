"""Finds a module by its name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .errors import LoadError

DEFAULT_DIRECTORY = Path("/usr/lib64/mesibo")
PATH_VARIABLE = "MESIBO_MODULE_PATH"


def directories(config_folder: Path | None = None) -> tuple[Path, ...]:
    """Where modules are looked for, in order, each once: the folder of the configuration, the
    entries of MESIBO_MODULE_PATH (separated by colons, empty ones skipped), /usr/lib64/mesibo."""
    named = [Path(entry) for entry in os.environ.get(PATH_VARIABLE, "").split(":") if entry]
    own = [] if config_folder is None else [config_folder]
    return tuple(dict.fromkeys([*own, *named, DEFAULT_DIRECTORY]))


def find(name: str, directories: Iterable[Path]) -> Path:
    """The file of the module `name`: `mesibo_mod_<name>.so`, or a Python module `<name>.py`, in the
    first directory that has one of them, tried in this order.

    Raises LoadError, which lists every place looked at, and for a name that is a path.
    """
    if not name or "/" in name or "\0" in name:
        raise LoadError(
            f"{name!r} is not the name of a module",
            detail="expected a name such as 'filter', found "
            + ("an empty one" if not name else "one with a slash or a NUL"),
            hint="give a path as the target, beside a name: load('filter', path)",
        )
    looked_at: list[str] = []
    for directory in directories:
        for file in (directory / f"mesibo_mod_{name}.so", directory / f"{name}.py"):
            if _is_file(file):
                return file
            looked_at.append(f"  {file}")
    places = "\n".join(looked_at) or "  no directory at all"
    raise LoadError(
        f"the module {name!r} was not found",
        detail=f"expected mesibo_mod_{name}.so or {name}.py, found neither; looked at:\n{places}",
        hint=f"build it there, add its directory to {PATH_VARIABLE}, or give its path",
    )


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a directory that may not be searched
        return False
