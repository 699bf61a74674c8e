"""Where a build puts its library: a place that can be meant, and that is replaced in one step."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import BuildError, InputError

PREFIX = "mesibo_mod_"
"""What the name of a module's file begins with."""

StrPath = str | os.PathLike[str]

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
}


def library_path(name: str, output: StrPath | None, sources: Iterable[Path]) -> Path:
    """The file that the output means: itself, or mesibo_mod_<name>.so in a directory. Raises
    InputError for what must not be replaced, and where there is no directory to put it in."""
    place = Path() if output is None else Path(output)
    if output is not None and names_folder(output) and not place.is_dir():
        raise InputError(
            f"{os.fspath(output)}: there is no such directory",
            detail="expected a directory, as the slash at its end says, found "
            + ("a file" if place.exists() else "none"),
            hint="create it first, or take the slash away to name the library itself",
        )
    target = place / f"{PREFIX}{name}.so" if place.is_dir() else place
    folder = _real(target).parent
    if not folder.is_dir():
        raise InputError(
            f"{target}: its directory does not exist",
            detail=f"expected a directory {folder if target.is_symlink() else target.parent}, "
            "found none",
            hint="create it first, or give another output",
        )
    _refuse_sources(target, sources)
    _refuse_special(target)
    return target


def names_folder(output: StrPath) -> bool:
    """Whether it is a directory, or is written as one."""
    return os.fspath(output).endswith("/") or Path(output).is_dir()


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside the target to write to; it becomes the target when all went well, else nothing
    of it is left. A link stays one: what it leads to is replaced.

    A whole directory, so that the linker creates the file with its usual mode."""
    real = _real(target)
    try:
        with tempfile.TemporaryDirectory(dir=real.parent, prefix=".mesibo_build-") as folder:
            made = Path(folder, target.name)
            yield made
            made.replace(real)
    except OSError as error:
        raise BuildError(
            f"{target}: cannot be written",
            detail=f"expected a file that may be replaced, found: {error.strerror}",
            hint="give another output, or mend the rights of its directory",
        ) from error


def _real(target: Path) -> Path:
    """Where a link leads, else the path itself."""
    return Path(os.path.realpath(target)) if target.is_symlink() else target


def _refuse_sources(target: Path, sources: Iterable[Path]) -> None:
    for source in sources:
        if target.exists() and target.samefile(source):
            raise InputError(
                f"{target}: the output would overwrite a source",
                detail=f"expected another file, found the same as {source}",
                hint=f"give another output, such as {PREFIX}<name>.so, or a directory",
            )


def _refuse_special(target: Path) -> None:
    """A device or a fifo is there for others, and would be gone."""
    try:
        kind = stat.S_IFMT(target.stat().st_mode)
    except OSError:  # nothing is there, or what cannot be written will be said in time
        return
    if kind != stat.S_IFREG:
        raise InputError(
            f"{target}: the output is no regular file",
            detail=f"expected a file that may be replaced, or none, found {_KINDS[kind]}",
            hint="give the path of a file to make, or a directory to put it in",
        )
