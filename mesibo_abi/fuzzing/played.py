"""A network that is played: what a module asks for waits until somebody says what comes of it, and
then it is called, on that thread. Nothing leaves this process, and nothing happens by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from ..bridge.module import LoadedModule
from ..bridge.requests import Exchange
from ..errors import Error
from ..host import Host
from ..types import LogRecord
from .case import Reply

_FAILED = -1
_IN_ORDER = 0
_NO_DESCRIPTOR = -1
_MOST_PIECES = 64
_MOST_ROUNDS = 64  # of a module that writes whenever it could


@dataclass(eq=False, slots=True)
class Open:
    """A request that is open, of the kind "http", "fastcgi" or "socket". `begun`: a part of its
    answer was given, or the socket is connected; `written` is what the module wrote to it."""

    exchange: Exchange
    begun: bool = False
    written: bytearray = field(default_factory=bytearray)
    _unanswered: bool = False
    _shut: bool = False

    @property
    def kind(self) -> str:
        """What it is."""
        return self.exchange.kind

    @property
    def is_synchronous(self) -> bool:
        """Whether whoever made it waits inside of the call."""
        return self.kind == "http" and self.exchange.synchronous

    def answer(self, reply: Reply) -> None:
        """All of an answer, to its end. To a socket: it is connected, data come, and it ends."""
        if self.kind == "fastcgi":
            self._answer_fastcgi(reply)
        elif self.kind == "socket":
            self.connect()
            self.receive(reply.data, reply.piece)
            self.end(fails=reply.fails)
        else:
            self._answer_http(reply)

    def _answer_fastcgi(self, reply: Reply) -> None:
        if reply.fails:
            self.exchange.fail("the connection is lost")
        else:
            self.exchange.done(reply.data)

    def _answer_http(self, reply: Reply) -> None:
        pieces = _pieces(reply.data, reply.piece)
        last = b"" if reply.fails or not pieces else pieces.pop()
        if not self._say_head(reply):
            return
        for number, piece in enumerate(pieces, 1):
            if not self.exchange.body(piece, min(99, number * 100 // (len(pieces) + 1) or 1)):
                return
        if reply.fails:
            self.exchange.fail("the connection is lost")
        else:
            self.exchange.body(last, 100)

    def begin(self, reply: Reply) -> None:
        """Of an HTTP request: the head, if it was not said yet, and data that are not the last."""
        if self._say_head(reply):
            for piece in _pieces(reply.data, reply.piece):
                if not self.exchange.body(piece, 50):
                    return

    def _say_head(self, reply: Reply) -> bool:
        """Whether more is wanted."""
        if self.begun:
            return True
        self.begun = True
        said = self.exchange.sent(False)
        if said and self.exchange.post is not None:
            said = self.exchange.sent(True)
        return said and self.exchange.headers(reply.status, reply.content_type or "", _head(reply))

    def connect(self) -> None:
        """Of a socket: it is there."""
        if not self.begun:
            self.begun = True
            self.exchange.connected(_NO_DESCRIPTOR)

    def receive(self, data: bytes, piece: int = 0) -> None:
        """Of a socket: bytes come in."""
        for each in _pieces(data, piece):
            if not self.exchange.data(each):
                return

    def end(self, *, fails: bool = False) -> None:
        """Of a socket: it is closed by the other side."""
        self.exchange.closed(_FAILED if fails else _IN_ORDER)

    def settle(self) -> bool:
        """What comes by itself: what was written has gone out, what the module closed is closed.
        Whether anything came."""
        if self._shut:
            self.exchange.closed(_IN_ORDER)
        elif self._unanswered and self.begun:
            self._unanswered = False
            self.exchange.written()
        else:
            return False
        return True

    def take(self, what: str, data: bytes) -> None:
        """A command of the module's."""
        if what == "write":
            self.written += data
            self._unanswered = True
        elif what == "close":
            self._shut = True


def _pieces(data: bytes, size: int) -> list[bytes]:
    """At most so many that a large body of single bytes takes no time."""
    if not data:
        return []
    size = max(size or len(data), -(-len(data) // _MOST_PIECES))
    return [data[at : at + size] for at in range(0, len(data), size)]


def _head(reply: Reply) -> bytes:
    known = reply.status in HTTPStatus.__members__.values()
    phrase = HTTPStatus(reply.status).phrase if known else ""
    lines = [f"HTTP/1.1 {reply.status} {phrase}", f"Content-Length: {len(reply.data)}"]
    if reply.content_type:
        lines.append(f"Content-Type: {reply.content_type}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


class PlayedHost(Host):
    """A host whose network is played by whoever calls it, on one thread."""

    def __init__(self) -> None:
        self._requests: list[Open] = []
        self.prepared: deque[Reply] = deque()
        """For synchronous requests, which are answered while they are made; without, they fail."""
        super().__init__()

    @property
    def requests(self) -> list[Open]:
        """Those that are open, the oldest first."""
        self._take_commands()
        self._requests = [each for each in self._requests if not each.exchange.cancelled]
        return self._requests

    def settle(self) -> None:
        """Lets come what comes by itself."""
        for _ in range(_MOST_ROUNDS):
            came = [each.settle() for each in self.requests]
            if not any(came):
                return

    def _serve(self) -> None:
        """There is nothing to start."""

    # Who plays looks at `logs` and at the module's `crashes`, of one life of thousands.

    def _forward(self, records: Iterable[LogRecord]) -> None:
        """Not to Python's logging."""

    def _tell_ended(self, module: LoadedModule, error: Error) -> None:
        """Not to Python's logging."""

    def _answer(self) -> None:
        """The core calls it inside of a synchronous request."""
        for each in [each for each in self.requests if each.is_synchronous]:
            each.answer(self.prepared.popleft() if self.prepared else Reply(fails=True))

    def _take_commands(self) -> None:
        while (command := self._take_command()) is not None:
            what, exchange, data = command
            if what == "start":
                exchange.here = True
                self._requests.append(Open(exchange))
            for each in self._requests:
                if each.exchange is exchange:
                    each.take(what, data)
