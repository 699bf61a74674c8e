"""A peer with a script: what it answers, and what it was asked."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import ssl
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeAlias, TypeVar

from ..errors import Error, InputError
from .replies import RawReply, Reply, Streams, Then, send
from .serving import ADDRESS, LoopbackServer
from .tls import Certificate

Asked = TypeVar("Asked")
Answer: TypeAlias = Reply | str | bytes
"""What a script has of replies: text and bytes are those that a plain reply carries."""
Answering: TypeAlias = Callable[[Asked], Answer | Awaitable[Answer]]


_LARGEST_LINE = 1 << 26


class NotARequest(Exception):
    """What came is nothing that this protocol knows; the words say why."""


class Peer(ABC, Generic[Asked]):
    """A server on loopback whose replies a test says, in order or by a function.

    Requests of all connections take the script's replies in the order in which they come. A
    function (`def` or `async def`, on the peer's thread) answers what comes behind them. What
    nothing answers is noted, and so is what is no request, and what the function raises: `check`
    raises it, and the connection is closed.

    A context manager: it serves inside of it, and at the end `check` is called, unless the block
    raised. All methods may be called from any thread.
    """

    protocol: ClassVar[str]
    """Its name, for people."""

    def __init__(
        self,
        *script: Answer | Answering[Asked],
        tls: Certificate | None = None,
        path: Path | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._replies: deque[Reply] = deque()
        self._scripted = 0
        self._answering: Answering[Asked] | None = None
        self._asked: list[Asked] = []
        self._failures: list[BaseException] = []
        self._numbers = itertools.count()
        self._tls = tls
        self._path = path
        context: ssl.SSLContext | None = None if tls is None else tls.context
        self._server = LoopbackServer(self._serve, tls=context, path=path, limit=_LARGEST_LINE)
        self.script(*script)

    # -- what a test says

    def script(self, *script: Answer | Answering[Asked]) -> None:
        """Adds replies behind those that are there; a function answers all that comes behind them,
        in place of an earlier one. Raises InputError for what is neither."""
        for each in script:
            if callable(each):
                self._answering = each
                continue
            reply = self._reply_of(each)
            with self._changed:
                self._replies.append(reply)
                self._scripted += 1

    # -- what it was asked

    @property
    def requests(self) -> tuple[Asked, ...]:
        """What came so far, in the order in which it was complete."""
        with self._changed:
            return tuple(self._asked)

    def wait_for(self, count: int = 1, timeout: float = 30.0) -> tuple[Asked, ...]:
        """The requests, as soon as there are so many. Raises Error where there are not within
        `timeout` seconds."""
        with self._changed:
            if self._changed.wait_for(lambda: len(self._asked) >= count, timeout):
                return tuple(self._asked)
            found = len(self._asked)
        raise Error(
            f"the {self.protocol} peer waited in vain",
            detail=f"expected {count} requests within {timeout:g} s, found {found}",
            hint=f"look whether the module was given its address, {self.address}",
        )

    def check(self) -> None:
        """Raises what went wrong on the peer's side: the first, with a note for each other."""
        with self._changed:
            failures, self._failures = self._failures, []
        for later in failures[1:]:
            failures[0].add_note(f"then: {type(later).__name__}: {later}")
        if failures:
            raise failures[0]

    # -- its life

    def start(self) -> None:
        """Begins to serve."""
        self._server.start()

    def close(self) -> None:
        """Stops serving and ends every connection. Does nothing the second time."""
        self._server.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is None:
            self.check()

    @property
    def host(self) -> str:
        """Where it listens; with TLS the name that its certificate is for; the path of a Unix
        socket."""
        if self._path is not None:
            return str(self._path)
        return ADDRESS if self._tls is None else self._tls.host

    @property
    def port(self) -> int:
        """Where it listens; 0: at a path."""
        return self._server.port

    @property
    def address(self) -> str:
        """Host and port, or the path."""
        return self.host if self._path is not None else f"{self.host}:{self.port}"

    # -- what a protocol says

    @abstractmethod
    async def _read(self, reader: asyncio.StreamReader, connection: int) -> Asked | None:
        """The next request of a connection; None: no more comes. Raises NotARequest."""

    @abstractmethod
    def _plain(self, content: str | bytes) -> Reply:
        """The reply that carries this."""

    def _then(self, asked: Asked, reply: Reply) -> Then:  # noqa: ARG002, HTTP asks
        """What becomes of the connection where a reply does not say."""
        return Then.KEEP if reply.cut is None else Then.CLOSE

    async def _greet(self, streams: Streams, connection: int) -> None:
        """What is said before anything is asked: most servers say nothing. Raises NotARequest."""

    # -- on its thread

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(self._numbers)
        try:
            await self._greet((reader, writer), connection)
            while (asked := await self._read(reader, connection)) is not None:
                reply = await self._answer(asked)
                then = reply.then or self._then(asked, reply)
                await send(reply, then, (reader, writer))
                if then is not Then.KEEP:
                    return
        except NotARequest as error:
            self._note(self._not_understood(connection, str(error)))

    async def _answer(self, asked: Asked) -> Reply:
        try:
            return await self._next(asked)
        except Exception as error:
            self._note(error)
            return RawReply(b"", then=Then.CLOSE)

    async def _next(self, asked: Asked) -> Reply:
        self._take(asked)
        with self._changed:
            if self._replies:
                return self._replies.popleft()
        if self._answering is not None:
            found = self._answering(asked)
            return self._reply_of(await found if inspect.isawaitable(found) else found)
        raise self._not_scripted(asked)

    def _take(self, asked: Asked) -> None:
        with self._changed:
            self._asked.append(asked)
            self._changed.notify_all()

    def _note(self, failure: BaseException) -> None:
        with self._changed:
            self._failures.append(failure)

    def _reply_of(self, answer: object) -> Reply:
        if isinstance(answer, Reply):
            answer.check_cut()
            return answer
        if isinstance(answer, str | bytes):
            return self._plain(answer)
        raise InputError(
            f"the {self.protocol} peer cannot answer with {answer!r}",
            detail=f"expected a Reply, str or bytes, or a function, got {type(answer).__name__}",
            hint=f"such as {type(self._plain('')).__name__}('hello')",
        )

    def _not_scripted(self, asked: Asked) -> Error:
        return Error(
            f"the {self.protocol} peer was asked more than its script answers",
            detail=f"expected at most {self._scripted} requests, found another one: {asked!r}",
            hint="script a reply more, or a function behind them that answers all others",
        )

    def _not_understood(self, connection: int, why: str) -> Error:
        return Error(
            f"the {self.protocol} peer was sent what is no request, on connection {connection}",
            detail=f"expected {self.protocol}, found {why}",
            hint="look what the module was told to connect to",
        )
