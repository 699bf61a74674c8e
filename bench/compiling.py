"""Compiles the native parts, each once: what was compiled is kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import BuildError
from ..paths import get_include

NATIVE = Path(__file__).resolve().parent / "native"

_C = ("-std=c17", "-O2", "-fPIC", "-Wall", "-Wextra")
_CPP = ("-std=c++17", "-O2", "-fPIC", "-fvisibility=hidden", "-DNDEBUG")


@dataclass(frozen=True, slots=True)
class Part:
    """Something to compile: `file` is what it is called, `sources` are C or C++.

    `inputs` are further files that it depends on, `version` that of a library that it is made with.
    """

    file: str
    sources: tuple[Path, ...]
    inputs: tuple[Path, ...] = ()
    include: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    version: str = ""

    @property
    def is_cpp(self) -> bool:
        """Whether the compiler for C++ makes it."""
        return any(source.suffix == ".cpp" for source in self.sources)

    def command(self) -> list[str]:
        """The compiler and its flags; files are not in it yet."""
        variable, default, flags = ("CXX", "c++", _CPP) if self.is_cpp else ("CC", "cc", _C)
        include = [get_include(), str(NATIVE), sysconfig.get_path("include"), *self.include]
        compiler = shlex.split(os.environ.get(variable, "")) or [default]
        return [*compiler, "-shared", *flags, *self.flags, *(f"-I{folder}" for folder in include)]

    def key(self) -> str:
        """Changes with whatever the library depends on."""
        digest = hashlib.sha256(repr((self.command(), self.version)).encode())
        for path in sorted({*self.sources, *self.inputs, *NATIVE.glob("*.h")}):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return f"{sysconfig.get_config_var('SOABI')}-{digest.hexdigest()[:16]}"


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/mesibo_abi/bench, else the same below ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mesibo_abi" / "bench"


def compiled(part: Part) -> Path:
    """The library, from the cache where it is there. Raises BuildError."""
    library = cache_folder() / part.key() / part.file
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as folder:
            made = Path(folder, part.file)
            _run([*part.command(), *map(str, part.sources), "-o", str(made), *_LINKED], part)
            made.replace(library)  # in one step: others may be compiling it too
    return library


def kept(name: str, text: str) -> Path:
    """A file of the cache with a text that was generated: a source, or something like it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = cache_folder() / f"generated-{digest}" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            written = Path(folder, name)
            written.write_text(text)
            written.replace(path)
    return path


_LINKED = ("-ldl", "-lpthread")


def _run(command: list[str], part: Part) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(
            f"{part.file}: no compiler: {command[0]} cannot be run",
            detail=f"expected a C and a C++ compiler, found: {error.strerror}",
            hint="install gcc and g++, or name yours in $CC and $CXX",
            command=command,
        ) from error
    if done.returncode != 0:
        raise BuildError(
            f"{part.file}: does not compile",
            detail=f"expected exit status 0, found {done.returncode} of: {shlex.join(command)}\n"
            f"{done.stderr.strip()}",
            hint="mend what it says, or name another compiler in $CC and $CXX",
            command=command,
            output=done.stderr,
        )


def native(*names: str) -> tuple[Path, ...]:
    """Files of this package's native folder."""
    return tuple(NATIVE / name for name in names)


def compiler_versions() -> Iterable[str]:
    """The first line of what each compiler says of itself."""
    for variable, default in (("CC", "cc"), ("CXX", "c++")):
        command = [*(shlex.split(os.environ.get(variable, "")) or [default]), "--version"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            continue
        yield done.stdout.partition("\n")[0]
