"""Compilers with sanitizers and libFuzzer, as far as they are installed."""

from __future__ import annotations

import functools
import os
import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import BuildError
from .subject import Sanitizer

_WATCHES = {Sanitizer.ADDRESS: "address,undefined", Sanitizer.THREAD: "thread"}
_RUNTIMES = {Sanitizer.ADDRESS: "asan", Sanitizer.THREAD: "tsan"}
_COMPARISONS = [f"{const}cmp{size}" for const in ("", "const_") for size in (1, 2, 4, 8)]
_SEARCHES = ["memchr", "strchr", "strrchr", "strpbrk", "strcspn"]
_ENDS = ["exit", "_exit", "_Exit", "quick_exit"]  # csrc/fuzz/ended.c
_PRINTS = [f"{way}printf" for way in ("", "f", "d", "s", "sn", "as")]  # csrc/fuzz/formats.c
_WRAPPED = [f"__sanitizer_cov_trace_{name}" for name in _COMPARISONS]
_WRAPPED += [*_SEARCHES, *_ENDS, *_PRINTS, *(f"v{name}" for name in _PRINTS)]
_OF_THREADS = ["pthread_getattr_np", "pthread_attr_destroy"]
_NO_MAIN = "fuzzer_no_main"
_LLVM = "lib/llvm-*/lib/clang/*/lib"
_NAME = re.compile(r"clang(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """`c` and `cxx` are commands, `archive` is libFuzzer without its main."""

    c: tuple[str, ...]
    cxx: tuple[str, ...]
    archive: Path
    sanitizer: Sanitizer
    is_clang: bool

    @property
    def module_flags(self) -> list[str]:
        """For the module: it is watched, says where it has been, what it has compared to
        csrc/fuzz/compared.c, and what it has looked for to csrc/fuzz/sought.c.

        Modules return `int` from where a pointer says that they return a word: only the low half
        counts, and UBSan must not look at that.
        """
        watches = _WATCHES[self.sanitizer]
        flags = ["-O1", "-g", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"]
        if self._has_counters:
            flags += [f"-fsanitize=fuzzer-no-link,{watches}", "-fno-sanitize=function"]
        else:
            flags += [f"-fsanitize={watches}", "-fsanitize-coverage=trace-pc,trace-cmp"]
        wrapped = (f"-Wl,--wrap={name}" for name in _WRAPPED)
        return [*flags, *self._going_on, *wrapped]

    @property
    def _has_counters(self) -> bool:
        """gcc has none, and ThreadSanitizer takes those of clang for the module's."""
        return self.is_clang and self.sanitizer is not Sanitizer.THREAD

    @property
    def _going_on(self) -> list[str]:
        """Whether the module goes on behind an error is told when it runs."""
        if self.sanitizer is Sanitizer.THREAD:
            return []
        return [f"-fsanitize-recover={_WATCHES[self.sanitizer]}"]

    @property
    def core_flags(self) -> list[str]:
        """For the core, which is not looked at; but ThreadSanitizer must see its locks."""
        flags = ["-std=c17", "-O2", "-g1", "-fno-omit-frame-pointer", "-fvisibility=hidden"]
        return [*flags, "-fsanitize=thread"] if self.sanitizer is Sanitizer.THREAD else flags

    @property
    def link_flags(self) -> list[str]:
        """For the program. Where there are no counters, a function is called that libFuzzer defines
        and does nothing in: ours, in coverage.c, comes first."""
        fuzzer = ["-Wl,--whole-archive", str(self.archive), "-Wl,--no-whole-archive"]
        if not self._has_counters:
            fuzzer.append("-Wl,--allow-multiple-definition")
        watches = f"-fsanitize={_WATCHES[self.sanitizer]}"
        return ["-rdynamic", watches, *fuzzer, "-ldl", "-lpthread", "-lm"]

    @property
    def heap_flags(self) -> list[str]:
        """For the program as well: what clang's AddressSanitizer calls for a thread that begins
        goes through csrc/fuzz/heap.c. That of gcc is a library of its own."""
        if self.sanitizer is Sanitizer.THREAD:
            return []
        return [f"-Wl,--wrap={name}" for name in _OF_THREADS]

    @property
    def version(self) -> str:
        """Another one makes another program."""
        return _output([*self.c, "--version"])


def find(sanitizer: Sanitizer) -> Toolchain:
    """clang with its runtime where there is one ($CC, where that is a clang), else gcc with the
    libFuzzer of any clang. Where there is neither, raises BuildError, which says what to
    install."""
    for command in _clangs():
        archive, runtime = (_runtime_of(command, name) for name in (_NO_MAIN, _RUNTIMES[sanitizer]))
        if archive is not None and runtime is not None:
            return Toolchain((command,), (_plus_plus(command),), archive, sanitizer, True)
    archive = next(_archives(), None)
    if archive is not None and _gcc_has(_RUNTIMES[sanitizer]):
        return Toolchain(("gcc",), ("g++",), archive, sanitizer, False)
    raise BuildError(
        "fuzz: no compiler with libFuzzer",
        detail=f"expected clang with the runtime for -fsanitize=fuzzer,{_WATCHES[sanitizer]}, or "
        f"gcc and libFuzzer's archive, found {_found(archive)}",
        hint=f"install {_packages()}, or fuzz the library as it is: mesibo-abi fuzz MODULE.so",
    )


def _packages() -> str:
    """The runtime of a clang that is there has its number."""
    for clang in _clangs():
        number = re.search(r"version (\d+)", _output([clang, "--version"]))
        if number is not None:
            return f"what it has not (on Debian: apt-get install libclang-rt-{number[1]}-dev)"
    return (
        "them (on Debian: apt-get install clang libclang-rt-14-dev, the number being that of "
        "`clang --version`)"
    )


def _found(archive: Path | None) -> str:
    clangs = ", ".join(_clangs())
    parts = [f"{clangs} without it" if clangs else "no clang"]
    parts.append("gcc" if shutil.which("gcc") else "no gcc")
    parts.append(f"libFuzzer in {archive}" if archive else "no libFuzzer")
    return ", ".join(parts)


def _clangs() -> list[str]:
    """Commands, the first choice first."""
    given = shlex.split(os.environ.get("CC", ""))[:1]
    named = [each for each in given if _NAME.fullmatch(Path(each).name)]
    numbered = [f"clang-{number}" for number in range(25, 10, -1)]
    return [each for each in (*named, "clang", *numbered) if shutil.which(each)]


def _plus_plus(clang: str) -> str:
    """clang++-14, of clang-14."""
    path = Path(clang)
    name = path.name.replace("clang", "clang++")
    return str(path.with_name(name)) if path.parent != Path() else name


def _runtime_of(clang: str, name: str) -> Path | None:
    folder = Path(_output([clang, "-print-resource-dir"]).strip(), "lib")
    return next(_libraries(folder, name), None)


def _libraries(folder: Path, name: str) -> Iterator[Path]:
    """In either of the two layouts that there are."""
    machine = platform.machine()
    yield from folder.glob(f"linux/libclang_rt.{name}-{machine}.a")
    yield from folder.glob(f"{machine}-*/libclang_rt.{name}.a")


def _archives() -> Iterator[Path]:
    for folder in sorted(Path("/usr").glob(_LLVM), reverse=True):
        yield from _libraries(folder, _NO_MAIN)


def _gcc_has(runtime: str) -> bool:
    """It prints the bare name of what it has not."""
    if shutil.which("gcc") is None or shutil.which("g++") is None:
        return False
    return "/" in _output(["gcc", f"-print-file-name=lib{runtime}.so"])


@functools.cache
def _run(command: tuple[str, ...]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _output(command: list[str]) -> str:
    """Once for each tool, which another PATH may have another of."""
    return _run((shutil.which(command[0]) or command[0], *command[1:]))
