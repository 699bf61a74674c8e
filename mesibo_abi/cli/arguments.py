"""What the arguments of `run` mean: a configuration or modules, and where the messages are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

SOURCE_SUFFIXES = (".c", ".cpp", ".cc", ".cxx", ".c++", ".cp", ".C")
_LOADABLE = (".so", ".py")
_MESSAGES = (".jsonl", ".ndjson", ".parquet")
STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: the modules of `configuration`, or `modules`; sources among them are still
    to be built. `messages` None is standard input."""

    configuration: Path | None
    modules: tuple[Path, ...]
    messages: Path | None


def read_arguments(arguments: Iterable[str], messages: str | None = None) -> Plan:
    """Sorts the arguments by what they end in. `messages` is the option --input.

    .so and .py are modules, as are sources; .jsonl, .ndjson and .parquet are messages, as is `-`.
    Of other files the first is the configuration and the next the messages. Raises InputError for
    what cannot be meant.
    """
    modules: list[Path] = []
    configurations: list[Path] = []
    inputs = [] if messages is None else [Path(messages)]
    for argument in arguments:
        path = Path(argument)
        if path.suffix in _LOADABLE or path.suffix in SOURCE_SUFFIXES:
            modules.append(path)
        elif path == STANDARD_INPUT or path.suffix in _MESSAGES or configurations:
            inputs.append(path)
        else:
            configurations.append(path)
    _check(modules, configurations, inputs)
    chosen = inputs[0] if inputs and inputs[0] != STANDARD_INPUT else None
    return Plan(configurations[0] if configurations else None, tuple(modules), chosen)


def _check(modules: list[Path], configurations: list[Path], inputs: list[Path]) -> None:
    if not modules and not configurations:
        raise InputError(
            "run: nothing to run",
            detail="expected a configuration or modules, found "
            + (f"only messages: {inputs[0]}" if inputs else "neither"),
            hint="such as: mesibo-abi run mesibo.conf messages.jsonl, or mesibo-abi run filter.so",
        )
    if modules and configurations:
        raise InputError(
            "run: both a configuration and modules",
            detail=f"expected one of them, found {configurations[0]} and {modules[0]}",
            hint="name the modules in the configuration; a file of messages that does not end in "
            ".jsonl goes behind --input",
        )
    if len(inputs) > 1:
        raise InputError(
            "run: messages from several places",
            detail=f"expected one, found {', '.join(map(str, inputs))}",
            hint="run them one after the other, or join them: cat a.jsonl b.jsonl | mesibo-abi run",
        )
