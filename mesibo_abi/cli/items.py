"""The items of one module, as --config gives them: one by one, or those of a mesibo.conf."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError


def items_of(configuration: Sequence[str], module: Path) -> dict[str, str]:
    """The items of a module: later ones win. Raises ConfigError, and InputError for a configuration
    without the module."""
    items: dict[str, str] = {}
    for given in configuration:
        key, equals, value = given.partition("=")
        if equals and not Path(given).exists():
            items[key.strip()] = value.strip()
        else:
            items |= _in_file(Path(given), module)
    return items


def _in_file(path: Path, module: Path) -> dict[str, str]:
    from .. import config
    from .loading import module_name

    name = module_name(module)
    read = config.read(path)
    for section in read.modules:
        if section.name == name:
            return section.items
    raise InputError(
        f"{path}: no module {name!r}",
        detail=f"expected a block `module {name}`, found "
        + (", ".join(section.name for section in read.modules) or "no module"),
        hint="give the configuration that the module is in, or its items as --config KEY=VALUE",
    )
