"""What commands are told of a module. Its items, as --config gives them: one by one, or those of a
mesibo.conf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import InputError
from ..types import Revision

_Command = TypeVar("_Command", bound=Callable[..., Any])


def module_options(revision: str) -> Callable[[_Command], _Command]:
    """What `check` and `fuzz` are told of a module: the options --config, --revision, which is for
    what it says there, --entry-point and --thread-safe. They become the arguments `configuration`,
    `revision`, `entry_point` and `thread_safe`."""
    options = (
        click.option(
            "--config",
            "configuration",
            multiple=True,
            metavar="FILE|KEY=VALUE",
            help="Items for the module: one, or those of a mesibo.conf. May stand several times.",
        ),
        click.option(
            "--revision", type=click.Choice([str(each) for each in Revision]), help=revision
        ),
        click.option(
            "--entry-point", metavar="SYMBOL", help="The init, where the file's name misleads."
        ),
        click.option(
            "--thread-safe",
            is_flag=True,
            help="Several threads may be in it at once: try that.",
        ),
    )

    def with_options(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


def items_of(configuration: Sequence[str], module: Path) -> dict[str, str]:
    """The items of a module: later ones win. Raises ConfigError, and InputError for a configuration
    without the module."""
    items: dict[str, str] = {}
    for given in configuration:
        key, equals, value = given.partition("=")
        if equals and not Path(given).exists():
            if not key.strip():
                raise InputError(
                    f"--config {given}: an item without a name",
                    detail=f"expected KEY=VALUE, found nothing before the = of {given!r}",
                    hint="name it, as the module asks for it",
                )
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
