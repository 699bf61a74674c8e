"""The Python files beside scripts: what a script may import as if it were run by itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import ClassVar

# Of the whole process, as sys.path and sys.modules are. Recursive, as a script may load another.
_lock = threading.RLock()


class Neighbours:
    """The files in one folder, for all scripts of it.

    Each folder has its own: a `words.py` here is not the `words.py` that a script of another folder
    has imported. They stay in sys.modules until the last script of the folder leaves. Where the
    folder is on sys.path anyway, they are ordinary modules, and stay for good.
    """

    _all: ClassVar[dict[Path, Neighbours]] = {}

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scripts = 0
        self._modules: dict[str, ModuleType] = {}
        self._before: frozenset[str] | None = None  # in sys.modules, before the run under way

    @classmethod
    def of_one_more(cls, folder: Path) -> Neighbours:
        """Those in the folder, for a script that has come. It has to `leave`."""
        with _lock:
            found = cls._all.setdefault(folder, cls(folder))
            found._scripts += 1
            return found

    def leave(self) -> None:
        """A script needs them no more."""
        with _lock:
            self._scripts -= 1
            if self._scripts == 0:
                del self._all[self._folder]
                self._hide()
                for other in self._all.values():
                    other._show()

    @contextmanager
    def importable(self) -> Iterator[None]:
        """In it, `import` finds them before all others. One thread at a time."""
        place = str(self._folder)
        with _lock:
            if place in sys.path:
                yield
                return
            for other in self._all.values():
                other._hide()
            self._show()
            self._before = frozenset(sys.modules)
            sys.path.insert(0, place)
            try:
                yield
            finally:
                if place in sys.path:  # whoever changes it may have taken ours out
                    sys.path.remove(place)
                self._hide()
                self._before = None
                # First one whose script is in the middle of its run, and has loaded this one.
                for each in sorted(self._all.values(), key=lambda it: (not it._before, it != self)):
                    each._show()

    def _note(self) -> None:
        """Keeps what was imported from the folder, with all that lies below it."""
        if self._before is None:
            return
        now = sys.modules.copy().items()
        came = {name: module for name, module in now if name not in self._before}
        own = {name for name, module in came.items() if self._is_here(name, module)}
        self._modules |= {
            name: module for name, module in came.items() if name.partition(".")[0] in own
        }

    def _is_here(self, name: str, module: ModuleType) -> bool:
        """Whether it is a source file in the folder, or a package. Only these: a compiled module
        cannot be imported a second time."""
        spec = getattr(module, "__spec__", None)
        if spec is None or not isinstance(spec.loader, SourceFileLoader) or spec.origin is None:
            return False
        return Path(spec.origin) in (
            self._folder / f"{name}.py",
            self._folder / name / "__init__.py",
        )

    def _hide(self) -> None:
        self._note()
        for name, module in self._modules.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]

    def _show(self) -> None:
        """Where the name is free: what another folder has put there meanwhile stays."""
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)
