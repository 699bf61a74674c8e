"""Python files as modules: runs one, and finds the Module subclass in it."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

from .errors import LoadError
from .faults import would_end_more
from .module import Module
from .neighbours import Neighbours

_numbers = itertools.count(1)


class Script:
    """A Python file that was run, and `module_class`, the one subclass of Module that it defines.
    Each is a run of its own: two share no globals by accident.

    Until `forget` it is in sys.modules, and so is what it imported from its own folder: there
    dataclasses, pickle and typing.get_type_hints look for what belongs to a class.

    Raises LoadError where there is no such file, where it fails, or defines none or several.
    """

    module_class: type[Module]

    def __init__(self, name: str, path: Path) -> None:
        if not path.is_file():
            raise _refusal(
                name,
                path,
                "expected a Python file, there is no such file",
                "give the path of a file that defines a subclass of mesibo_abi.Module",
            )
        self._name = f"mesibo_abi_script_{next(_numbers)}_{path.stem}"
        self._neighbours = Neighbours.of_one_more(path.absolute().parent)
        self._forgotten = False
        try:
            self.module_class = _module_class(name, path, self._run(name, path))
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """Lets go of what its run left in sys.modules. Does nothing the second time."""
        if not self._forgotten:
            self._forgotten = True
            sys.modules.pop(self._name, None)
            self._neighbours.leave()

    def _run(self, name: str, path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(self._name, path)
        assert spec is not None
        assert spec.loader is not None
        namespace = importlib.util.module_from_spec(spec)
        sys.modules[self._name] = namespace
        try:
            with self._neighbours.importable():
                spec.loader.exec_module(namespace)
        except BaseException as error:
            if not isinstance(error, Exception) and not would_end_more(error):
                raise
            raise _refusal(
                name,
                path,
                f"expected Python code that runs, it raised {type(error).__name__}: {error}",
                "run the file by itself with python to see where",
            ) from error
        return namespace


def _module_class(name: str, path: Path, namespace: ModuleType) -> type[Module]:
    # By what they are, not by name: a class may have a second one.
    classes = {
        value
        for value in vars(namespace).values()
        if isinstance(value, type)
        and issubclass(value, Module)
        and value.__module__ == namespace.__name__
    }
    if len(classes) != 1:
        found = ", ".join(sorted(cls.__name__ for cls in classes)) or "none"
        raise _refusal(
            name,
            path,
            f"expected one subclass of mesibo_abi.Module in it, found {found}",
            "define one class a file: class Filter(mesibo_abi.Module)",
        )
    return classes.pop()


def _refusal(name: str, path: Path, detail: str, hint: str) -> LoadError:
    return LoadError(
        f"cannot load module {name!r} from {path}", path=path, detail=detail, hint=hint
    )
