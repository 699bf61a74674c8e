"""What a library must be before the host opens it; said before the dynamic linker has to."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import elf
from .bridge.host import file_state, revisions
from .errors import ConfigWarning, LoadError
from .thread_starters import may_start_threads, stands_alone
from .types import Revision


@dataclass(frozen=True, slots=True)
class Reading:
    """What a library says, and the `file_state` that it was read in. `is_alone`: it needs none but
    libraries of the system."""

    state: bytes
    found: elf.Inspection
    is_alone: bool

    @property
    def starts_threads(self) -> bool:
        """Whether it may, now: the libraries that it needs have states of their own."""
        return self.found.starts_threads if self.is_alone else may_start_threads(self.found.path)


def read(path: Path) -> Reading:
    """Reads the library, once for each state of it. Raises LoadError as `elf.inspect`."""
    state = file_state(str(path))
    return _known(path, state) if state else _read(path, state)


def _read(path: Path, state: bytes) -> Reading:
    found = elf.inspect(path)
    return Reading(state, found, stands_alone(found.needed))


_known = functools.lru_cache(maxsize=256)(_read)


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


_LOADED = revisions()
_EITHER = (str(Revision.SDK2019), str(Revision.SDK2020))
# What a caller's word cannot outweigh: called in another way, the module would crash later.
_CERTAIN = (elf.ToldBy.TAG, elf.ToldBy.DWARF)


class Choice(NamedTuple):
    """The revision to call a module by; `otherwise` is offered when its init refuses `first`.
    `guessed`: it may be called wrongly, so the init is tried in a child process before."""

    first: str
    otherwise: str | None = None
    guessed: bool = False


def choose_revision(label: str, found: elf.Inspection, given: Revision | str | None) -> Choice:
    """The caller's word, else what the library tells. Raises LoadError for a revision that this
    host does not load, and for a word that the library is certain to be against."""
    if given is None and found.revision is None and found.candidates == _EITHER:
        return Choice(_EITHER[1], otherwise=_EITHER[0])
    abi = str(given) if given is not None else found.revision
    if abi in _LOADED and abi != found.revision and found.told_by in _CERTAIN:
        raise LoadError(
            f"cannot load module {label!r} from {found.path}: not of the revision given",
            path=found.path,
            detail=f"expected {abi}, found {found.revision} (told by its {found.told_by})",
            hint="leave revision= out, or load the library that was meant",
        )
    if abi in _LOADED:
        is_certain = abi == found.revision and found.told_by is not elf.ToldBy.GUESS
        return Choice(abi, None, not is_certain)
    known = ", ".join(_LOADED)
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
    if not items or revision != Revision.DOC2019:
        return
    lost = [key for key in items if key != "log"]
    if lost:
        warnings.warn(
            f"module {label!r} does not get its items {', '.join(lost)}: expected only `log`, a "
            f"{revision} module has no way to receive the others; take them out",
            ConfigWarning,
            stacklevel=5,
        )
