"""Standard output, kept for the verdicts: what modules print goes to standard error meanwhile."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import BinaryIO


@contextmanager
def own_stdout() -> Iterator[BinaryIO | None]:
    """In it, the stream is the only way to standard output: Python's `print` and C's `printf` lead
    to standard error. None: standard output is closed."""
    if sys.stdout is None:
        yield None
        return
    stream = sys.stdout.buffer
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # a test's, which is in no file
        with redirect_stdout(sys.stderr):
            yield stream
        return
    sys.stdout.flush()
    with os.fdopen(os.dup(descriptor), "wb") as own:
        _redirect(descriptor)
        try:
            with redirect_stdout(sys.stderr):
                yield own
        finally:
            _flush_c()
            os.dup2(own.fileno(), descriptor)


def _redirect(descriptor: int) -> None:
    if sys.stderr is not None:
        os.dup2(sys.stderr.fileno(), descriptor)
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _flush_c() -> None:
    """What C code has printed may still wait in the buffers of libc."""
    import ctypes

    ctypes.CDLL(None).fflush(None)
