"""Extension modules that were compiled into the cache, imported from there."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from typing import Any

from ..compiling import Part, compiled


def imported(part: Part) -> Any:
    """The extension module in the library, which is named as that is."""
    path = compiled(part)
    name = path.name.partition(".")[0]
    loader = importlib.machinery.ExtensionFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
