"""What is kept from one run to the next: a folder with a case a file, as `wire` has them, which
every engine reads and writes, and several jobs at once."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from ..errors import InputError
from . import files
from .case import Case
from .wire import decode, encode


class Corpus:
    """Files are named by what they hold, so that nobody has a case twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._seen: set[str] = set()

    def __len__(self) -> int:
        """Of those that were seen so far."""
        return len(self._seen)

    def new(self) -> list[Case]:
        """The cases that came since, whoever wrote them; at first all."""
        found = sorted(path.name for path in self._folder.iterdir() if self._is_new(path))
        self._seen.update(found)
        return [decode((self._folder / name).read_bytes()) for name in found]

    def add(self, case: Case) -> None:
        """Keeps it. Others never see a part of it."""
        data = encode(case)
        name = hashlib.sha1(data).hexdigest()
        if name in self._seen:
            return
        self._seen.add(name)
        half = self._folder / f".{name}-{os.getpid()}"
        half.write_bytes(data)
        half.replace(self._folder / name)

    def add_findings(self) -> None:
        """The cases of findings that lie there, which are files of another form."""
        for path in self._folder.glob("*.jsonl"):
            with suppress(InputError):  # another's file
                self.add(files.read(path)[1].case)

    def _is_new(self, path: Path) -> bool:
        return path.name not in self._seen and path.name[0] != "." and path.is_file()
