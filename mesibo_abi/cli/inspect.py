"""`mesibo-abi inspect`: says what a library is, without running it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import LoadError
from ..text import utf8
from .status import Status
from .text import in_words, printable, say

if TYPE_CHECKING:
    from ..elf import Inspection

_WIDTH = 100
_FIRST = 15  # the column of what is told
_MOST = 8  # symbols of a sort that are shown


@click.command("inspect")
@click.argument("libraries", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with all symbols.")
@click.pass_context
def command(ctx: click.Context, libraries: tuple[Path, ...], as_json: bool) -> None:
    """Tell what LIBRARIES are, and what is wrong with them.

    Name, revision, entry point, machine, symbols: read from the file, none of whose code runs.
     Exit status: 0 without problems, 1 with some, 2 for what is no library.
    """
    from ..elf import inspect

    show = _json if as_json else _table
    statuses = {Status.DONE}
    for path in libraries:
        try:
            found = inspect(path)
        except LoadError as error:
            say(in_words(error))
            statuses.add(Status.NOT_DONE)
            continue
        statuses.add(Status.FOUND if found.problems else Status.DONE)
        click.echo(show(found))
    ctx.exit(max(statuses))


def _json(found: Inspection) -> bytes:
    import msgspec

    return msgspec.json.encode(found, enc_hook=lambda path: utf8(str(path)))


def _table(found: Inspection) -> str:
    lines = [printable(str(found.path))]
    for title, text in _rows(found):
        lines += textwrap.wrap(
            printable(text),
            _WIDTH,
            initial_indent=f"  {title:{_FIRST - 2}}",
            subsequent_indent=" " * _FIRST,
            break_long_words=False,
            break_on_hyphens=False,
        )
    for problem in found.problems:
        text = str(problem).removeprefix(f"{found.path}: ")
        lines += [" " * _FIRST + printable(line) for line in text.splitlines()]
    return "\n".join(lines)


def _rows(found: Inspection) -> Iterator[tuple[str, str]]:
    yield "name", found.name or "none: the file is not named mesibo_mod_<name>.so"
    yield "revision", _revision(found)
    yield "entry point", found.entry_point or "none"
    yield "machine", found.machine
    yield "needs", ", ".join(found.needed) or "no library"
    yield "imports", _symbols(found.undefined)
    yield "exports", _symbols(found.exported)
    yield "threads", "starts its own" if found.starts_threads else "starts none by itself"
    yield "problems", f"{len(found.problems)}:" if found.problems else "none"


def _revision(found: Inspection) -> str:
    if found.revision is None:
        return f"undecided: {' or '.join(found.candidates)}"
    return f"{found.revision} (told by: {found.told_by})"


def _symbols(names: tuple[str, ...]) -> str:
    """The interface of modules first, mangled names last: a library in C++ has hundreds."""
    ordered = sorted(names, key=lambda name: ("mesibo_" not in name, name.startswith("_")))
    more = len(ordered) - _MOST
    shown = ", ".join(ordered[:_MOST]) or "none"
    return f"{shown} and {more} more (--json has all)" if more > 0 else shown
