"""What is timed: a line of Python, in the same loop for all peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from types import MappingProxyType
from typing import Any, cast

Loop = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Given:
    """The message of a call."""

    payload: bytes
    to: str | None = "bob"
    from_: str | None = "alice"
    id: int = 7


@dataclass(frozen=True, slots=True)
class Call:
    """One line of Python and the objects in it. A peer that has its own loop, in C, gives it as
    `own_loop`; the line is then for the check of its result."""

    body: str
    names: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    own_loop: Loop | None = None

    def result(self) -> Any:
        """What the line comes to."""
        return eval(self.body, dict(self.names))

    def loop(self, times: int = 1) -> Loop:
        """A function that runs the line `times` times in each of its rounds.

        It is compiled anew each time: the interpreter learns at each place of a code what is called
        there, and peers that shared the code would spoil it for each other. The names are local
        variables of it.
        """
        if self.own_loop is not None:
            return self.own_loop
        parameters = "".join(f", {name}={name}" for name in self.names)
        source = f"def loop(n, repeat=repeat{parameters}):\n    for _ in repeat(None, n):\n"
        source += f"        {self.body}\n" * times
        namespace: dict[str, object] = {**self.names, "repeat": repeat}
        exec(compile(source, f"<{self.body}>", "exec"), namespace)
        return cast(Loop, namespace["loop"])


NOTHING = Call("pass")
