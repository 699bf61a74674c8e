"""A case: all that happens to one module, from its init to its cleanup. What one input of a fuzzer
is, and what a finding is told as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..events import Event


@dataclass(frozen=True, slots=True)
class Reload:
    """Its cleanup, and its init again: what it keeps in its globals it keeps."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side says to the oldest request that is open; where none is, nothing happens.
    To a synchronous one, which is answered while it is made, the next of the case is said.

    Of an HTTP request `status`, `content_type` (None: the server says none) and then `data`, the
    body; of a FastCGI request `data`; of a socket that is connected `data`, before it is closed.
    `piece` above 0: `data` in pieces of so many bytes. `fails`: the connection is lost behind
    them.
    """

    data: bytes = b""
    status: int = 200
    content_type: str | None = None
    piece: int = 0
    fails: bool = False


Step: TypeAlias = Event | Reply | Reload


@dataclass(frozen=True, slots=True)
class Case:
    """`config` are all the items that its init is given, `steps` what happens between init and
    cleanup."""

    steps: tuple[Step, ...] = ()
    config: dict[str, str] = field(default_factory=dict)
