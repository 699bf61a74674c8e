"""Loading: from a name and a target to a module in the chain of a host."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from . import libraries, search
from .bridge.module import LoadedModule
from .checks import as_path
from .config import log_level
from .errors import InputError, LoadError
from .instances import instance_of
from .module import Module
from .scripts import Script
from .types import Revision

if TYPE_CHECKING:
    from .host import Host
    from .isolation.worker import Isolation

_OF_PYTHON = str(Revision.SDK2020)  # by what revision modules in Python are called
Target: TypeAlias = str | os.PathLike[str] | Module | type[Module]


class Loader:
    """Loads the modules of one host; `folder` is searched first. What each argument means is said
    at Host.load."""

    def __init__(self, host: Host, folder: Path | None) -> None:
        self._host = host
        self._folder = folder
        self._labels: dict[str, object] = {}

    def find(self, name: str) -> Path:
        """The file of the module of that name. Raises LoadError."""
        return search.find(name, search.directories(self._folder))

    def load(
        self,
        name: str,
        target: Target | None,
        *,
        config: Mapping[str, str] | None,
        revision: Revision | str | None,
        entry_point: str | None,
        hold_gil: bool,
        thread_safe: bool,
        zero_copy: bool,
        isolation: Isolation | None,
    ) -> LoadedModule:
        """Takes a name that is free, and loads what the target is. Raises LoadError, and InputError
        where a module in Python is to be isolated."""
        _check_name(name)
        check_entry_point(name, entry_point)
        if target is None:
            target = self.find(name)
        items = items_of(name, config)
        label = self._take_label(name)
        try:
            if not isinstance(target, (str, os.PathLike)):
                _refuse_python(name, isolation)
                module = instance_of(label, None, target)
                return self._load_instance(label, None, module, items, thread_safe)
            path = _absolute(name, target)
            if path.suffix == ".py":
                _refuse_python(name, isolation)
                return self._load_script(label, Script(name, path), path, items, thread_safe)
            return self._load_native(
                label,
                path,
                items,
                revision,
                entry_point,
                hold_gil=hold_gil,
                thread_safe=thread_safe,
                zero_copy=zero_copy,
                isolation=isolation,
            )
        except BaseException:
            self._take_back(label)
            raise

    def _take_back(self, label: str) -> None:
        """An interrupt may come when the module is in the chain already."""
        try:
            for module in self._host.modules:
                if module.name == label:
                    module.close()
        finally:
            self._labels.pop(label, None)
            self._host._tell_last_logs(label)  # what threads of its own logged

    @property
    def names(self) -> tuple[str, ...]:
        """Of the modules that are loaded, or just being."""
        return tuple(self._labels)

    def forget(self, module: LoadedModule) -> None:
        """The module is closed: its name is free again, and its script is let go of."""
        if isinstance(module.target, Module) and module.target._let_go is not None:
            module.target._let_go()
        self._labels.pop(module.name, None)

    def _take_label(self, name: str) -> str:
        """The name, or where it is taken the next one behind it."""
        name = str(name)  # also of a StrEnum
        label, number, mine = name, 2, object()
        # In one step, because other threads load too.
        while self._labels.setdefault(label, mine) is not mine:
            label, number = f"{name}#{number}", number + 1
        return label

    def _load_script(
        self, label: str, script: Script, path: Path, items: dict[str, str], thread_safe: bool
    ) -> LoadedModule:
        try:
            module = instance_of(label, path, script.module_class)
            module._let_go = script.forget
            return self._load_instance(label, path, module, items, thread_safe)
        except BaseException:
            script.forget()
            raise

    def _load_instance(
        self,
        label: str,
        path: Path | None,
        module: Module,
        items: dict[str, str],
        thread_safe: bool,
    ) -> LoadedModule:
        module.name = label
        module.config = items
        return self._host._load(
            label,
            path,
            f"{type(module).__name__}.init",
            _OF_PYTHON,
            module,
            state=b"",
            otherwise=None,
            items=items,
            log_level=log_level(items),
            thread_safe=thread_safe,
            hold_gil=True,
            zero_copy=False,
            keep_mapped=False,
            has_synchronous=False,
            guessed=False,
        )

    def _load_native(
        self,
        label: str,
        path: Path,
        items: dict[str, str],
        revision: Revision | str | None,
        entry_point: str | None,
        *,
        hold_gil: bool,
        thread_safe: bool,
        zero_copy: bool,
        isolation: Isolation | None,
    ) -> LoadedModule:
        library = libraries.read(path)
        libraries.refuse_unloadable(label, library.found, entry_point)
        choice = libraries.choose_revision(label, library.found, revision)
        libraries.warn_of_items(label, choice.first, items)
        return self._host._load(
            label,
            path,
            entry_point or library.found.entry_point or "",
            choice.first,
            None,
            state=library.state,
            otherwise=choice.otherwise,
            items=items,
            log_level=log_level(items),
            thread_safe=thread_safe,
            hold_gil=hold_gil,
            zero_copy=zero_copy,
            keep_mapped=library.starts_threads,
            has_synchronous=library.found.has_synchronous,
            guessed=choice.guessed,
            isolation=isolation,
        )


def _absolute(name: str, target: str | os.PathLike[str]) -> Path:
    text = os.fspath(target)
    if isinstance(text, str) and text.startswith("/"):
        return _path(text)
    return as_path(f"the target of module {name!r}", target).absolute()


_path = functools.lru_cache(maxsize=256)(Path)


def _check_name(name: object) -> None:
    """Raises LoadError for what is no name of a module."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise LoadError(
            f"{name!r} is not the name of a module",
            detail="expected text without a NUL, that is not empty",
            hint="pass a name such as 'filter'",
        )


def _refuse_python(name: str, isolation: Isolation | None) -> None:
    if isolation is not None:
        raise InputError(
            f"module {name!r} cannot be loaded with isolated",
            detail="expected a library, got a module in Python, which the worker has no Python for",
            hint="leave out isolated: what a Python module raises is in the verdict anyway",
        )


def check_entry_point(name: str, entry_point: object) -> None:
    """Raises TypeError for what cannot be the name of a symbol."""
    if entry_point is not None and not isinstance(entry_point, str):
        raise TypeError(
            f"the entry_point= of module {name!r} is of the wrong type: expected str or None, got "
            f"{entry_point!r}; pass the name of the symbol"
        )


def items_of(name: str, config: Mapping[str, str] | None) -> dict[str, str]:
    """The items of a configuration, copied. Raises TypeError for what is none."""
    if config is None:
        return {}
    items = dict(config) if isinstance(config, Mapping) else None
    if items is None or not all(isinstance(text, str) for pair in items.items() for text in pair):
        raise TypeError(
            f"the configuration of module {name!r} cannot be used: expected a mapping of str to "
            f"str, got {config!r}; write numbers as text"
        )
    return items
