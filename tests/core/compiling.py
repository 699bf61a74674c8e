"""Programs in C with the whole core in them, whose objects are compiled once for all of them, and
for all processes of a run of the tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.common import Common

ROOT = Path(__file__).parent.parent.parent
CORE = sorted(
    path
    for room in ("", "revisions", "isolation", "trial")
    for path in Path(ROOT, "csrc", room).glob("*.c")
)
WORKER = sorted(ROOT.glob("csrc/worker/*.c"))
_FLAGS = ("-std=c17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-I", "csrc", "-I", "include")


# As one set, so that the core is compiled with them once; and addresses are those of the file.
ADDRESS_AND_UNDEFINED = (
    *("-fno-pie", "-no-pie"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)


@dataclass(frozen=True)
class Toolchain:
    """A compiler with its flags; the objects are in `common`."""

    common: Common
    compiler: str = "cc"
    flags: tuple[str, ...] = ()

    def program(self, output: Path, sources: Iterable[Path], *link: str, core: bool = True) -> Path:
        """The program of these sources, with the core unless told otherwise. A warning is an
        error."""
        all_sources = [*sources, *(CORE if core else [])]
        with self.common.alone(f"objects-{self._name}"):
            objects = self._objects(all_sources)
        self._run(*objects, "-rdynamic", *link, "-ldl", "-lpthread", "-o", output)
        return output

    def _object(self, source: Path) -> Path:
        output = self.common.folder / f"objects-{self._name}/{source.parent.name}-{source.stem}.o"
        if not output.exists():
            self._run(*_FLAGS, "-c", source, "-o", output)
        return output

    def _objects(self, sources: list[Path]) -> list[Path]:
        Path(self.common.folder, f"objects-{self._name}").mkdir(exist_ok=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self._object, sources))

    @property
    def _name(self) -> str:
        return hashlib.sha256(repr((self.compiler, self.flags)).encode()).hexdigest()[:12]

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
