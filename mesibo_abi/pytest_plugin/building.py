"""Modules compiled for tests, each once in a run."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from ..compiler import BuildWarning, build
from ..types import Revision
from .markers import revision_of
from .tracebacks import shortly

_Key = tuple[object, ...]
_OURS = f"{__package__}."
_HEEDED = ("CC", "CXX", "CPPFLAGS", "CFLAGS", "CXXFLAGS", "LDFLAGS")


class Builder:
    """What `mesibo_build` is. `running()` is the test that runs."""

    def __init__(self, folders: pytest.TempPathFactory, running: Callable[[], pytest.Item]) -> None:
        self._folders = folders
        self._running = running
        self._built: dict[_Key, Path] = {}

    def __repr__(self) -> str:
        return "<mesibo_build>"

    def __call__(
        self,
        *sources: str | os.PathLike[str],
        name: str | None = None,
        revision: Revision | str | None = None,
        debug: bool = False,
        extra_args: tuple[str, ...] | list[str] = (),
    ) -> Path:
        """The library, as `mesibo_abi.build` makes it, in a folder of this run. Raises as that
        does."""
        __tracebackhide__ = True
        test = self._running()
        files = [test.path.parent / source for source in sources]
        chosen = str(revision or revision_of(test) or Revision.DOC2019)
        # Sources that changed since are compiled anew, in a folder of their own: the other library
        # may be open.
        states = tuple(_state(file) for file in files)
        compiler = tuple(os.environ.get(variable) for variable in _HEEDED)
        key = (*files, *states, name, chosen, debug, *extra_args, *compiler)
        if key not in self._built:
            output = self._folders.mktemp(f"mesibo-{files[0].stem if files else 'build'}")
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", BuildWarning)
                made = shortly(
                    build,
                    files,
                    name=name,
                    revision=chosen,
                    output=output,
                    debug=debug,
                    extra_args=extra_args,
                )
            _warn_where_the_test_is(said)
            self._built[key] = made
        return self._built[key]


def _warn_where_the_test_is(said: list[warnings.WarningMessage]) -> None:
    """Of what was warned of: the compiler's words are about what it asked for."""
    __tracebackhide__ = True
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.f_back
    for each in said:
        if frame is not None and issubclass(each.category, BuildWarning):
            each.filename, each.lineno = frame.f_code.co_filename, frame.f_lineno
        shortly(_warn_again, each)


def _warn_again(said: warnings.WarningMessage) -> None:
    warnings.warn_explicit(said.message, said.category, said.filename, said.lineno)


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None  # for build to say
    return found.st_mtime_ns, found.st_size
