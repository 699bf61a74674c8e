"""How much a host keeps for whoever takes it, and what it dropped for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what a host keeps for whoever takes it: `outbox` and `logs` in bytes (of a pass,
    and of what comes outside of any), `requests` open at once."""

    outbox: int = 256 << 20
    logs: int = 8 << 20
    requests: int = 65536

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, int) or not 0 <= value < 1 << 62:
                raise ValueError(
                    f"Limits cannot have {name}={value!r}: expected a number of 0 or more; pass "
                    "bytes, or for requests how many"
                )


class Dropped(NamedTuple):
    """What a host had to drop for its limits: messages and requests refused, log lines lost."""

    sent: int
    logs: int
    requests: int
