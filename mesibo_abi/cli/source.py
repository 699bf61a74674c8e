"""Where the lines of input come from: a file, a pipe, a terminal."""

from __future__ import annotations

import io
import os
import select
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ..errors import InputError
from .parquet import ParquetSource, is_parquet
from .text import reason_of

_BLOCK = 1 << 18
_PATIENCE = 100  # milliseconds
_BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Whole lines of input, without their ends; the first has the number `first`. None at all where
    nothing came for a while: the time to look after other things."""

    first: int
    lines: list[bytes]


class Source:
    """Lines of input, as many at once as are there. A context manager: closes what it opened.

    `path` None is standard input. `size` is in bytes, None where nobody knows it.
    Raises InputError for what cannot be read.
    """

    def __init__(self, path: Path | None) -> None:
        self.name = "<stdin>" if path is None else str(path)
        try:
            self._file = _open(path)
            state = os.fstat(self._file.fileno())
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise self._unreadable(error) from error
        self.is_terminal = self._file.isatty()
        self.size = state.st_size if stat.S_ISREG(state.st_mode) else None

    def blocks(self) -> Iterator[Block]:
        """The lines, in blocks. A block is given as soon as its lines are there."""
        number = 1
        for data in self._whole_lines():
            if data is None:
                yield Block(number, [])
                continue
            lines = (data.removeprefix(_BOM) if number == 1 else data).split(b"\n")
            yield Block(number, lines)
            number += len(lines)

    def _whole_lines(self) -> Iterator[bytes | None]:
        pieces: list[bytes] = []  # of a line whose end is still to come
        for data in self._pieces():
            if data is None:
                yield None
                continue
            end = data.rfind(b"\n")
            if end < 0:
                pieces.append(data)
                continue
            yield b"".join([*pieces, data[:end]])
            pieces = [data[end + 1 :]]
        last = b"".join(pieces)
        if last:
            yield last

    def _pieces(self) -> Iterator[bytes | None]:
        poller = select.poll()
        poller.register(self._file.fileno(), select.POLLIN)
        while True:
            if not poller.poll(_PATIENCE):
                yield None
                continue
            try:
                data = self._file.read(_BLOCK)
            except OSError as error:
                raise self._unreadable(error) from error
            if data == b"":
                return
            yield data

    def _unreadable(self, error: OSError | ValueError) -> InputError:
        return InputError(
            f"{self.name}: the messages cannot be read",
            detail=f"expected a file of JSON lines, found: {reason_of(error)}",
            hint="give the path of a file, or - for standard input",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def open_source(path: Path | None) -> Source | ParquetSource:
    """What is in a file of JSON lines, or of Parquet by its name; None is standard input. Raises
    InputError."""
    return ParquetSource(path) if path is not None and is_parquet(path) else Source(path)


def _open(path: Path | None) -> io.FileIO:
    if path is not None:
        return io.FileIO(path)
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    return io.FileIO(sys.stdin.fileno(), closefd=False)
