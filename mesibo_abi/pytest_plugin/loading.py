"""Modules loaded for a test."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from ..compiler import is_source
from ..types import Revision
from .building import Builder
from .host import StrictHost
from .markers import items_of, revision_of

if TYPE_CHECKING:
    from ..bridge.module import LoadedModule
    from ..module import Module

_PREFIX = "mesibo_mod_"


class ModuleLoader:
    """What `mesibo_module` is, for one test."""

    def __init__(self, test: pytest.Item, host: StrictHost, build: Builder) -> None:
        self._test = test
        self._host = host
        self._build = build

    def __repr__(self) -> str:
        return "<mesibo_module>"

    def __call__(
        self,
        target: str | os.PathLike[str] | type[Module] | Module,
        name: str | None = None,
        *,
        config: Mapping[str, str] | None = None,
        revision: Revision | str | None = None,
        extra_args: tuple[str, ...] | list[str] = (),
        isolated: bool = True,
        **options: Any,
    ) -> LoadedModule:
        """The module, at the end of the chain. `target` is a source in C or C++, compiled with
        `extra_args`; a library; or a module in Python: a file, a class, an instance. `isolated` is
        for what is native, and `options` are those of `Host.load`. Raises as that does."""
        __tracebackhide__ = True
        revision = revision or revision_of(self._test)
        if isinstance(target, str | os.PathLike):
            path = self._test.path.parent / target
            name = name or path.stem.removeprefix(_PREFIX)
            if is_source(path):
                path = self._build(path, name=name, revision=revision, extra_args=extra_args)
            target = path
            options |= {} if path.suffix == ".py" else {"isolated": isolated, "revision": revision}
        else:
            name = name or (target if isinstance(target, type) else type(target)).__name__.lower()
        items = {**items_of(self._test), **(config or {})}
        return self._host.load(name, target, config=items, **options)
