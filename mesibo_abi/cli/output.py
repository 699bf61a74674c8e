"""Where the verdicts are written: standard output, or a file."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from ..errors import Error, InputError
from .arguments import Plan
from .parquet import ParquetWriter, check_installed, is_parquet
from .text import reason_of
from .writers import JsonLines, Writer

_STDOUT = Path("<stdout>")


class Gone(Exception):
    """Whoever read the output has left, as `head` does: nothing is wrong, and nothing is left to
    do."""


def is_terminal(path: Path | None) -> bool:
    """Whether the output is for somebody who watches."""
    return path is None and sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def open_output(
    path: Path | None, plan: Plan, stdout: BinaryIO | None = None
) -> Iterator[BinaryIO]:
    """The stream for the verdicts; None is standard output, which is `stdout`, if it is open.

    Raises InputError where the file cannot be opened or is one that the run reads, Gone for a
    broken pipe, and Error where nothing more can be written.
    """
    name = "<stdout>" if path is None else str(path)
    if path is not None:
        _refuse_overwriting(path, plan)
    try:
        stream = _opened(stdout) if path is None else path.open("wb")
    except (OSError, ValueError) as error:
        raise InputError(
            f"{name}: the output cannot be opened",
            detail=f"expected a file that can be written, found: {reason_of(error)}",
            hint="give another path to --output",
        ) from error
    try:
        with nullcontext() if path is None else stream:
            yield stream
    except OSError as error:
        if path is None:
            # Python would try again at its exit, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError):
            raise Gone from error
        raise Error(
            f"{name}: the verdicts cannot be written",
            detail=f"expected room for them, found: {reason_of(error)}",
            hint="the last line may be cut short; make room, and run it again",
        ) from error


class Form(enum.StrEnum):
    """How verdicts are written."""

    JSONL = "jsonl"
    TABLE = "table"
    PARQUET = "parquet"


def form_of(wanted: str | None, path: Path | None) -> Form:
    """The form that is asked for, or the one that the place suggests.

    Raises InputError for Parquet on a terminal, or without pyarrow.
    """
    if wanted is None and not is_parquet(path):
        return Form.TABLE if is_terminal(path) else Form.JSONL
    form = Form.PARQUET if wanted is None else Form(wanted)
    if form is not Form.PARQUET:
        return form
    if is_terminal(path):
        raise InputError(
            "run: Parquet is nothing for a terminal",
            detail="expected a file or a pipe, found the terminal",
            hint="add --output FILE",
        )
    check_installed(path or _STDOUT)
    return form


@contextmanager
def open_writer(stream: BinaryIO, form: Form, path: Path | None) -> Iterator[Writer]:
    """What writes verdicts to the stream, which is that of `path`. Raises InputError where a
    package for it is missing."""
    writer = _writer(stream, form, path)
    try:
        yield writer
    finally:
        writer.close()


def _writer(stream: BinaryIO, form: Form, path: Path | None) -> Writer:
    if form is Form.JSONL:
        return JsonLines(stream)
    if form is Form.PARQUET:
        return ParquetWriter(stream, path or _STDOUT)
    from .table import Table  # only now: rich is slow to import

    return Table(stream)


def _refuse_overwriting(path: Path, plan: Plan) -> None:
    for used in (plan.messages, plan.configuration, *plan.modules):
        try:
            same = used is not None and path.samefile(used)
        except (OSError, ValueError):  # one of the two does not exist: not the same
            continue
        if same:
            raise InputError(
                f"{path}: the output would overwrite what the run reads",
                detail=f"expected another file, found the same as {used}",
                hint="give another path to --output",
            )


def _opened(stdout: BinaryIO | None) -> BinaryIO:
    if stdout is None:
        raise ValueError("standard output is closed")
    return stdout
