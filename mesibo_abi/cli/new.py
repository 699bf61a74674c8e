"""`mesibo-abi new`: writes the beginning of a module.

The templates are modules that work as they are, of the name `newmodule`.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path

import click

from ..errors import InputError
from ..types import Revision

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_LANGUAGES = ("c", "cpp", "python")
# A file of such a name, in the folder of its tests, would be imported in place of the real one.
_IMPORTED = sys.stdlib_module_names | {"mesibo_abi", "pytest"}


@click.command("new")
@click.argument("name")
@click.option("--lang", type=click.Choice(_LANGUAGES), required=True, help="The language.")
@click.option(
    "--revision",
    type=click.Choice([str(revision) for revision in Revision]),
    help="The header that a module in C or C++ is for.  [default: doc2019]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIRECTORY",
    help="Where to put the folder.  [default: .]",
)
def command(name: str, lang: str, revision: str | None, output: Path) -> None:
    """Begin a module of that NAME.

    Writes a folder with its source, tests, a Makefile, a configuration and two messages. NAME is of
    letters, digits and _: it becomes part of a C identifier.
    """
    _check_name(name, lang)
    if lang == "python" and revision is not None:
        raise InputError(
            "new: a module in Python has no revision",
            detail=f"expected --revision with C or C++, found it with --lang {lang}",
            hint="leave --revision out",
        )
    folder = output / name
    written = _texts(name, lang, revision or Revision.DOC2019.value)
    _make(folder)
    try:
        for file, text in written.items():
            Path(folder, file).write_text(text, "utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    for file in written:
        click.echo(folder / file)
    click.echo(f"next: make -C {folder} test", err=True)


def _check_name(name: str, lang: str) -> None:
    if _NAME.fullmatch(name) is None:
        near = re.sub(r"[^A-Za-z0-9_]+", "_", name).lstrip("_0123456789") or "filter"
        raise InputError(
            f"new: {name!r} cannot be the name of a module",
            detail="expected a letter, then letters, digits and _ (it becomes part of the C "
            f"identifier mesibo_module_<name>_init), found {name!r}",
            hint=f"give another, such as {near}",
        )
    if lang == "python" and name in _IMPORTED:
        raise InputError(
            f"new: {name!r} is the name of a Python module already",
            detail=f"expected a name that {name}.py may have, found one that it would hide",
            hint=f"give another, such as {name}_module",
        )


def _texts(name: str, lang: str, revision: str) -> dict[str, str]:
    """The files of a template, by their names, in the name of the new module."""
    class_name = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    template = files(__package__).joinpath("templates", lang)
    found = {file.name: file.read_text("utf-8") for file in template.iterdir() if file.is_file()}
    if revision != Revision.DOC2019:
        found |= {file.name: file.read_text("utf-8") for file in template.joinpath("sdk").iterdir()}
    words = {Revision.DOC2019.value: revision}
    if revision == Revision.SDK2019:
        # It may not be rewritten there.
        words["  char *message,"] = "  const char *message,"
    words |= {
        "newmodule": name,
        "NewModule": class_name,
    }  # last: the name may be any of those words
    for old, new in words.items():
        found = {file.replace(old, new): text.replace(old, new) for file, text in found.items()}
    return dict(sorted(found.items()))


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError as error:
        raise InputError(
            f"{folder}: is there already",
            detail="expected no such folder, found one; nothing in it was touched",
            hint="give another name or --output, or remove it first",
        ) from error
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{folder}: cannot be written",
        detail=f"expected a folder that may be made and filled, found: {error.strerror}",
        hint="give an --output that exists and may be written to",
    )
