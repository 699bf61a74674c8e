"""The fuzz program: the C core and libFuzzer, compiled once for each compiler and sanitizer, and
kept where caches are."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import BuildError
from .toolchain import Toolchain

_PACKAGE = Path(__file__).resolve().parent.parent
_CORE = _PACKAGE / "csrc"
_ROOMS = ("", "revisions", "isolation", "trial", "fuzz")
_NAME = "mesibo-abi-fuzz"


def fuzz_program(toolchain: Toolchain) -> Path:
    """The program; it is compiled where it is not there, which takes some ten seconds. Raises
    BuildError."""
    kept = cache() / "fuzz" / _digest(toolchain) / _NAME
    if kept.is_file():
        return kept
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(dir=kept.parent)
    except OSError as error:
        raise BuildError(
            f"{kept.parent}: the fuzz program cannot be kept there",
            detail=f"expected a folder to write into, found: {error.strerror}",
            hint="set XDG_CACHE_HOME to one, which need not be there yet",
        ) from error
    with place as folder:
        _compiled(toolchain, Path(folder)).replace(kept)
    return kept


def cache() -> Path:
    """What is made once lies in there; it need not exist."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given or Path.home() / ".cache") / "mesibo_abi"


def _sources() -> Iterator[Path]:
    for room in _ROOMS:
        yield from sorted((_CORE / room).glob("*.c"))


def _digest(toolchain: Toolchain) -> str:
    """Of all that it is made of."""
    flags = (toolchain.core_flags, _link_flags(toolchain))
    made_of = hashlib.sha256(repr((toolchain.c, toolchain.version, *flags)).encode())
    headers = [*_CORE.rglob("*.h"), *(_PACKAGE / "include").rglob("*.h")]
    for file in sorted([*_sources(), *headers]):
        made_of.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return made_of.hexdigest()[:24]


def _link_flags(toolchain: Toolchain) -> list[str]:
    return [*toolchain.link_flags, *toolchain.heap_flags]


def _compiled(toolchain: Toolchain, folder: Path) -> Path:
    made = folder / _NAME
    sources = list(_sources())
    objects = [folder / f"{source.parent.name}-{source.stem}.o" for source in sources]
    flags = [*toolchain.core_flags, f"-I{_CORE}", f"-I{_PACKAGE / 'include'}", "-c"]

    def compile_one(source: Path, output: Path) -> None:
        _run([*toolchain.c, *flags, str(source), "-o", str(output)])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, sources, objects))
    _run([*toolchain.cxx, *map(str, objects), *_link_flags(toolchain), "-o", str(made)])
    return made


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(
            "fuzz: the fuzz program does not compile",
            detail=f"expected exit status 0, found {done.returncode} of {command[0]}, for "
            f"{Path(command[-1]).name}:\n{done.stderr.strip()}",
            hint="another compiler may do it: name a clang in $CC",
            command=command,
            output=done.stdout + done.stderr,
        )
