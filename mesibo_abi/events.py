"""What happens to the modules of a host, as values: a line of input, a step of a test."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bridge.values import Message, Verdict
    from .host import Host
    from .types import User


class EventKind(enum.StrEnum):
    """Which callback it is for: the `event` of a line of input, and the `of` of its verdict."""

    MESSAGE = "message"
    STATUS = "status"
    CALL = "call"
    CALL_STATUS = "call_status"
    LOGIN = "login"
    CONFIG = "config"


@dataclass(slots=True)
class Event:
    """One of them, ready for a host. What it does not have is None, or 0."""

    kind: EventKind
    message: Message | None = None
    status: int = 0
    user: User | None = None
    type: int = 0
    data: bytes | None = None

    def deliver(self, host: Host) -> Verdict:
        """Through the chain; what became of it. Raises as the host's own method does."""
        match self.kind:
            case EventKind.CALL:
                return host.call()
            case EventKind.CALL_STATUS:
                return host.call_status()
            case EventKind.LOGIN:
                assert self.user is not None
                return host.login(self.user)
            case EventKind.CONFIG:
                return host.config(self.type, self.data)
        assert self.message is not None
        if self.kind is EventKind.MESSAGE:
            return host.process(self.message)
        return host.status(self.message, self.status)
