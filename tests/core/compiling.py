"""Programs in C with the whole core in them, whose objects are compiled once for all of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CORE = sorted(
    path
    for room in ("", "revisions", "isolation", "trial")
    for path in Path(ROOT, "csrc", room).glob("*.c")
)
WORKER = sorted(ROOT.glob("csrc/worker/*.c"))
_FLAGS = ("-std=c17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-I", "csrc", "-I", "include")


@dataclass(frozen=True)
class Toolchain:
    """A compiler with its flags, and the folder that the objects go to."""

    folder: Path
    compiler: str = "cc"
    flags: tuple[str, ...] = ()

    def program(self, output: Path, sources: Iterable[Path], *link: str, core: bool = True) -> Path:
        """The program of these sources, with the core unless told otherwise. A warning is an
        error."""
        objects = self._objects([*sources, *(CORE if core else [])])
        self._run(*objects, "-rdynamic", *link, "-ldl", "-lpthread", "-o", output)
        return output

    def _object(self, source: Path) -> Path:
        output = self.folder / f"{source.parent.name}-{source.stem}.o"
        if not output.exists():
            self._run(*_FLAGS, "-c", source, "-o", output)
        return output

    def _objects(self, sources: list[Path]) -> list[Path]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self._object, sources))

    def _run(self, *arguments: object) -> None:
        done = subprocess.run(
            [self.compiler, *self.flags, *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode, said) == (0, ""), said
