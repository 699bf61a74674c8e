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

_numbers = itertools.count(1)


def load_script(name: str, path: Path) -> type[Module]:
    """The one subclass of Module that the file defines. The file is run anew at each load.

    Raises LoadError where there is no such file, where it fails, or defines none or several.
    """
    if not path.is_file():
        raise LoadError(
            f"cannot load module {name!r} from {path}",
            path=path,
            detail="expected a Python file, there is no such file",
            hint="give the path of a file that defines a subclass of mesibo_abi.Module",
        )
    namespace = _run(name, path)
    classes = [
        value
        for value in vars(namespace).values()
        if isinstance(value, type)
        and issubclass(value, Module)
        and value.__module__ == namespace.__name__
    ]
    if len(classes) != 1:
        found = ", ".join(sorted(cls.__name__ for cls in classes)) or "none"
        raise LoadError(
            f"cannot load module {name!r} from {path}",
            path=path,
            detail=f"expected one subclass of mesibo_abi.Module in it, found {found}",
            hint="define one class a file: class Filter(mesibo_abi.Module)",
        )
    return classes[0]


def _run(name: str, path: Path) -> ModuleType:
    # A name of its own for each load, so that two loads share no globals by accident.
    spec = importlib.util.spec_from_file_location(
        f"mesibo_abi_script_{next(_numbers)}_{path.stem}", path
    )
    assert spec is not None
    assert spec.loader is not None
    namespace = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = namespace  # dataclasses and pickle look there
    try:
        spec.loader.exec_module(namespace)
    except BaseException as error:
        del sys.modules[spec.name]
        if not isinstance(error, Exception) and not would_end_more(error):
            raise
        raise LoadError(
            f"cannot load module {name!r} from {path}",
            path=path,
            detail=f"expected Python code that runs, it raised {type(error).__name__}: {error}",
            hint="run the file by itself with python to see where",
        ) from error
    return namespace
