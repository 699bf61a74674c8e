"""What a library must be before the host opens it; said before the dynamic linker has to."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import elf
from .bridge.host import revisions
from .errors import ConfigWarning, LoadError
from .thread_starters import may_start_threads
from .types import Revision


def inspect(path: Path) -> elf.Inspection:
    """What the file says, read once for each state of it."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return elf.inspect(path)  # which says in words what is wrong
    found = _inspect_state(path, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
    # The libraries that it needs have states of their own.
    return dataclasses.replace(found, starts_threads=may_start_threads(path))


@functools.lru_cache(maxsize=256)
def _inspect_state(path: Path, _dev: int, _ino: int, _size: int, _time: int) -> elf.Inspection:
    return elf.inspect(path)


_FATAL = (
    elf.ProblemCode.NOT_SHARED,
    elf.ProblemCode.WRONG_MACHINE,
    elf.ProblemCode.NO_ENTRY_POINT,
    elf.ProblemCode.MANGLED_ENTRY_POINT,
)


def refuse_unloadable(label: str, found: elf.Inspection, entry_point: str | None) -> None:
    """Says what is wrong before the dynamic linker has to."""
    fatal = _FATAL if found.entry_point else (*_FATAL, elf.ProblemCode.ENTRY_POINT_NAME)
    for problem in found.problems:
        about_entry = "entry-point" in problem.code
        if problem.code in fatal and not (about_entry and entry_point):
            raise LoadError(
                f"cannot load module {label!r} from {problem.text}",
                path=found.path,
                detail=problem.detail,
                hint=problem.hint,
            )


# What a caller's word cannot outweigh: called in another way, the module would crash later.
_CERTAIN = (elf.ToldBy.TAG, elf.ToldBy.DWARF)


@dataclass(frozen=True, slots=True)
class Choice:
    """The revision to call a module by; `otherwise` is offered when its init refuses `first`.
    `guessed`: it may be called wrongly, so the init is tried in a child process before."""

    first: str
    otherwise: str | None = None
    guessed: bool = False


def choose_revision(label: str, found: elf.Inspection, given: Revision | str | None) -> Choice:
    """The caller's word, else what the library tells. Raises LoadError for a revision that this
    host does not load, and for a word that the library is certain to be against."""
    either = (Revision.SDK2019.value, Revision.SDK2020.value)
    if given is None and found.told_by is elf.ToldBy.UNDECIDED and found.candidates == either:
        return Choice(Revision.SDK2020.value, Revision.SDK2019.value)
    abi = str(given) if given is not None else found.revision
    if abi in revisions() and abi != found.revision and found.told_by in _CERTAIN:
        raise LoadError(
            f"cannot load module {label!r} from {found.path}: not of the revision given",
            path=found.path,
            detail=f"expected {abi}, found {found.revision} (told by its {found.told_by})",
            hint="leave revision= out, or load the library that was meant",
        )
    if abi in revisions():
        certain = abi == found.revision and found.told_by is not elf.ToldBy.GUESS
        return Choice(abi, guessed=not certain)
    known = ", ".join(revisions())
    told = "the caller" if given is not None else f"its {found.told_by}"
    is_it = abi or " or ".join(found.candidates)
    raise LoadError(
        f"cannot load module {label!r} from {found.path}: of a revision that this host does not "
        "load",
        path=found.path,
        detail=f"expected {known}, found {is_it} (told by {told})",
        hint=f"compile it against a header of {known}",
    )


def warn_of_items(label: str, revision: str, items: Mapping[str, str]) -> None:
    """Warns of items that the module cannot receive."""
    lost = [key for key in items if key != "log"]
    if revision == Revision.DOC2019 and lost:
        warnings.warn(
            f"module {label!r} does not get its items {', '.join(lost)}: expected only `log`, a "
            f"{revision} module has no way to receive the others; take them out",
            ConfigWarning,
            stacklevel=5,
        )
