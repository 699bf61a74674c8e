"""This package."""

from __future__ import annotations

from ...bridge.values import Message
from ...host import Host
from ..calls import Call, Given
from .base import Calling, How, Libraries, Peer, Seen, handler_of, request


class Ours(Peer):
    """All checks are on, and what on_message returns is a Result."""

    name = "mesibo_abi"

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        self.host = self.opened.enter_context(Host())
        self.keeping = self.host.load("held", libraries.filter, hold_gil=True)
        self.releasing = self.host.load("released", libraries.filter)

    def held(self, given: Given) -> Call:
        """Loaded with hold_gil."""
        names = {"on_message": self.keeping.on_message, "message": message_of(given)}
        return Call("on_message(message)", names)

    def released(self, given: Given) -> Call:
        """Loaded without."""
        names = {"on_message": self.releasing.on_message, "message": message_of(given)}
        return Call("on_message(message)", names)

    def fields(self, given: Given) -> Call:
        """A Message from keywords, and the call."""
        names = {
            "on_message": self.keeping.on_message,
            "Message": Message,
            "payload": given.payload,
            "to": given.to,
            "from_": given.from_,
            "id_": given.id,
        }
        return Call("on_message(Message(payload, to=to, from_=from_, id=id_))", names)

    def upcalls(self, how: How, seen: Seen | None) -> Calling:
        """A `send=` handler."""
        host = self.opened.enter_context(Host(send=handler_of(seen)))
        module = host.load("caller", self.libraries.caller, hold_gil=how is How.HELD)
        payload = request(how)
        return lambda count: module.on_message(Message(payload, to="bob", from_="alice", id=count))


def message_of(given: Given) -> Message:
    """The message of a call."""
    return Message(given.payload, to=given.to, from_=given.from_, id=given.id)
