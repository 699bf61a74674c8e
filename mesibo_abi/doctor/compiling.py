"""Compilers, sanitizers and libFuzzer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

from ..compiler import c_compiler, cpp_compiler
from ..errors import BuildError
from ..fuzzing import toolchain
from ..fuzzing.subject import Sanitizer
from . import trials
from .installing import packages
from .tools import Area, State, Tool
from .trials import Program, failure

_SANITIZERS = (
    ("AddressSanitizer", "-fsanitize=address", trials.ADDRESS, "asan"),
    ("UndefinedBehaviorSanitizer", "-fsanitize=undefined", trials.UNDEFINED, "ubsan"),
    ("ThreadSanitizer", "-fsanitize=thread", trials.THREAD, "tsan"),
)
_WATCHED = "modules built with it, and their tests"
_FUZZ = "mesibo-abi fuzz SOURCES"
_FUZZERS = (
    ("libFuzzer with ASan and UBSan", _FUZZ, Sanitizer.ADDRESS),
    ("libFuzzer with TSan", f"{_FUZZ} --sanitizer thread", Sanitizer.THREAD),
)


def examined() -> Iterator[Tool]:
    """One after the other."""
    c = _compiler("C compiler", c_compiler, trials.PLAIN_C, packages("gcc libc6-dev", "gcc"))
    yield c
    yield _compiler("C++ compiler", cpp_compiler, trials.PLAIN_CPP, packages("g++", "gcc-c++"))
    for name, flag, program, library in _SANITIZERS:
        yield _sanitizer(name, flag, program, library, c)
    for name, purpose, sanitizer in _FUZZERS:
        yield _fuzzer(name, purpose, sanitizer)


def _compiler(name: str, command: Callable[[], list[str]], program: Program, install: str) -> Tool:
    purpose = "mesibo-abi build, mesibo_abi.build"
    try:
        words = command()
    except BuildError as error:
        detail = " ".join(str(error).split())
        return Tool(Area.COMPILERS, name, purpose, State.BROKEN, detail=detail, install=error.hint)
    path = shutil.which(words[0])
    if path is None:
        detail = f"there is no {words[0]} on the PATH"
        return Tool(Area.COMPILERS, name, purpose, State.MISSING, detail=detail, install=install)
    wrong = failure(program, words)
    return Tool(
        Area.COMPILERS,
        name,
        purpose,
        State.BROKEN if wrong else State.FOUND,
        trials.version_of(words),
        path,
        wrong,
        install if wrong else "",
    )


def _sanitizer(name: str, flag: str, program: Program, library: str, c: Tool) -> Tool:
    if c.state is not State.FOUND:
        wrong, state = "it needs a C compiler that works", State.MISSING
    else:
        wrong = failure(program, [*c_compiler(), "-g", flag, "-pthread"])
        state = State.BROKEN if wrong else State.FOUND
    if state is State.FOUND:
        return Tool(Area.SANITIZERS, name, _WATCHED, state, c.version, c.path)
    return Tool(Area.SANITIZERS, name, _WATCHED, state, detail=wrong, install=_runtime(c, library))


def _runtime(c: Tool, library: str) -> str:
    """Those of gcc come with it on Debian; those of clang are a package of its number."""
    if "clang" not in c.version:
        return packages("gcc libc6-dev", f"gcc lib{library}")
    number = re.search(r"version (\d+)", c.version)
    return packages(f"libclang-rt-{number[1] if number else 'NN'}-dev", "compiler-rt")


def _fuzzer(name: str, purpose: str, sanitizer: Sanitizer) -> Tool:
    try:
        found = toolchain.find(sanitizer)
    except BuildError as error:
        detail = error.detail.partition("found ")[2] or error.detail
        return Tool(
            Area.FUZZERS, name, purpose, State.MISSING, detail=f"found {detail}", install=error.hint
        )
    wrong = failure(trials.FUZZER, found.c, *found.link_flags, "-lstdc++")
    path = shutil.which(found.c[0]) or ""
    return Tool(
        Area.FUZZERS,
        name,
        purpose,
        State.BROKEN if wrong else State.FOUND,
        trials.version_of(found.c),
        path,
        wrong or f"with {found.archive}",
        packages("clang libclang-rt-dev", "clang compiler-rt") if wrong else "",
    )
