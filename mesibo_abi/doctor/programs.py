"""Debuggers, symbolizers and valgrind."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from ..symbols import addr2line
from . import trials
from .installing import packages
from .tools import Area, State, Tool

_AREA = Area.DEBUGGERS
_ERRORS = 9  # of valgrind, where it found some
_SECONDS = 120


def examined() -> Iterator[Tool]:
    """One after the other."""
    yield _program("gdb", "mesibo-abi run --gdb", packages("gdb", "gdb"))
    symbolizer = "functions and lines of crashes, inlined ones too"
    yield _program("addr2line", symbolizer, packages("binutils", "binutils"))
    yield _llvm_symbolizer()
    yield _valgrind()


def _program(name: str, purpose: str, install: str) -> Tool:
    path = shutil.which(name)
    if path is None:
        detail = f"there is no {name} on the PATH"
        return Tool(_AREA, name, purpose, State.MISSING, detail=detail, install=install)
    return Tool(_AREA, name, purpose, State.FOUND, trials.version_of([path]), path)


def _llvm_symbolizer() -> Tool:
    """The sanitizers of clang call it, and addr2line where there is none."""
    found = _program(
        "llvm-symbolizer",
        "functions and lines in the reports of clang's sanitizers",
        packages("llvm", "llvm"),
    )
    if found.state is State.FOUND or not addr2line.installed():
        return found
    detail = "addr2line does its work"
    return Tool(_AREA, found.name, found.purpose, State.SPARED, detail=detail)


def _valgrind() -> Tool:
    """It cannot begin without the symbols of the C library, which are a package by themselves."""
    install = packages("valgrind libc6-dbg", "valgrind")
    found = _program("valgrind", "mesibo-abi check --valgrind", install)
    if found.state is not State.FOUND:
        return found
    command = [found.path, "-q", f"--error-exitcode={_ERRORS}", shutil.which("true") or "true"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        wrong = str(error)
    else:
        said = " ".join(done.stderr.split())
        wrong = f"it ended with status {done.returncode}: {said}" if done.returncode else ""
    if not wrong:
        return found
    return Tool(
        _AREA, found.name, found.purpose, State.BROKEN, found.version, found.path, wrong, install
    )
