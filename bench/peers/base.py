"""What a peer is: a way from Python to a native module, and back."""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..calls import Call, Given

FILTER = "mesibo_module_filter_init"
CALLER = "mesibo_module_caller_init"


@dataclass(frozen=True, slots=True)
class Libraries:
    """The benchmark's own modules, compiled."""

    filter: Path
    caller: Path
    fetcher: Path
    crasher: Path


class How(enum.Enum):
    """How a module comes to call into Python."""

    HELD = "the GIL is held"
    RELEASED = "the GIL is released"
    THREAD = "from a thread of the module's own"


Calling = Callable[[int], object]
"""Makes the module call its host so often."""

Seen = list[bytes]
"""Where a handler notes what it got; without one it just returns."""


class Peer:
    """One way. What a peer cannot do stays None. `close` frees what it opened."""

    name: ClassVar[str]
    requires: ClassVar[str | None] = None
    """The package that it is made with."""

    def __init__(self, libraries: Libraries) -> None:
        self.libraries = libraries
        self.opened = ExitStack()

    @classmethod
    def compile(cls) -> None:
        """Makes what it needs, if that is not in the cache. From any thread."""

    def held(self, given: Given) -> Call | None:
        """A call of on_message, with params that are there already, and the GIL."""

    def released(self, given: Given) -> Call | None:
        """The same without the GIL."""

    def fields(self, given: Given) -> Call | None:
        """A call of on_message with params from keywords."""

    def upcalls(self, how: How, seen: Seen | None) -> Calling | None:
        """A function that makes the module send messages, so many, to a handler in Python."""

    def close(self) -> None:
        """Closes its modules."""
        self.opened.close()


def handler_of(seen: Seen | None) -> Callable[[object, object], int]:
    """The handler of peers that make a message of what a module sends."""

    def handler(_module: object, _message: object) -> int:
        return 0

    def noting(_module: object, message: Any) -> int:
        assert seen is not None
        seen.append(message.payload)
        return 0

    return handler if seen is None else noting


def request(how: How) -> bytes:
    """The message that makes the module send, see caller.c; 16 bytes."""
    return b"t" * 16 if how is How.THREAD else b"s" * 16
