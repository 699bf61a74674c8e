"""Crossings: what a host called in its modules, and what they called of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Argument: TypeAlias = str | int | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """One call across the boundary between a host and a module.

    `function` is a callback of the module's (`kind` is "callback") or a function of the host's
    ("host function"). Of `arguments`, by name, texts are cut to their first 64 bytes (then they end
    in an ellipsis); `result` is None where there is none. `start` and `duration` are in
    nanoseconds, of CLOCK_MONOTONIC; `duration` None: it has not returned. `id` is unique in its
    `process`, and `parent` the one that it happened in, on the same thread.
    """

    module: str
    function: str
    kind: str
    arguments: Mapping[str, Argument]
    result: Argument
    process: int
    thread: int
    id: int
    parent: int | None
    start: int
    duration: int | None

    @classmethod
    def from_json(cls, text: str | bytes) -> Crossing:
        """From a line of a trace."""
        import json  # most runs have no crossing

        return cls(**json.loads(text))

    @property
    def is_host_function(self) -> bool:
        """Whether the module called, and not the host."""
        return self.kind == "host function"

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        call = f"{self.function}({arguments})"
        if self.duration is None:
            return f"{call}: has not returned"
        return call if self.result is None else f"{call} = {self.result!r}"


def in_lines(crossings: Iterable[Crossing]) -> Iterator[str]:
    """A line for each, in the order given; those inside of others are indented."""
    depths: dict[int, int] = {}
    for crossing in crossings:
        depth = depths.get(crossing.parent, -1) + 1 if crossing.parent is not None else 0
        depths[crossing.id] = depth
        yield "  " * depth + str(crossing)
