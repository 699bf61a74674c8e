"""What one run of the tests makes once for all its processes: who asks waits for who was first."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Common:
    """A folder of the run, and what lies in it."""

    folder: Path

    def made(self, name: str, make: Callable[[Path], object], *how: object) -> Path:
        """The file of that name, made in this way; `make` is told where it is to be."""
        digest = hashlib.sha256(repr(how).encode()).hexdigest()[:12]
        path = self.folder / f"{Path(name).stem}-{digest}" / name
        with self.alone(path.parent.name):
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                make(path)
        return path

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """No other process is in here, under this name."""
        with Path(self.folder, f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
