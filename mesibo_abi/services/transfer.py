"""One exchange while it is served: the order of its answers, its end, and the wait for a module
that is slower than the network."""

from __future__ import annotations

import asyncio
import re

from .exchange import Exchange

BACKLOG_LIMIT = 8 << 20
"""Bytes a module may be behind before the reading of its transfer stops."""

_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")
_LONGEST_URL = 300


class Failure(Exception):
    """Why a request ends without an answer, as words to be put behind its URL.

    `again` says that another attempt may do better.
    """

    def __init__(self, words: str, *, again: bool = False) -> None:
        super().__init__(words)
        self.again = again


class NobodyListens(Exception):
    """The exchange was cancelled: there is nobody to go on for."""


def shown(url: str) -> str:
    """The URL as a reason names it: without a password, and not endless."""
    url = _CREDENTIALS.sub("", url)
    if len(url) > _LONGEST_URL:
        url = f"{url[: _LONGEST_URL - 3]}..."
    return url or '""'


def _printable(words: str) -> str:
    """On one line, and such that UTF-8 can take it: names and words come from anywhere."""
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


class Transfer:
    """Passes answers on to one exchange, on the service thread, and nothing after its end.

    `headers` and `body` raise NobodyListens where nobody wants more.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.over = False
        self._sent_headers = False
        self._sent_body = exchange.post is None
        self._drained = asyncio.Event()

    def sent(self, *, body: bool) -> None:
        """The request, or its body, went out. Only the first time counts: a retry or a redirect
        sends it again. (That nobody listens shows at the next answer.)"""
        if self.over:
            return
        if not self._sent_headers:
            self._sent_headers = True
            self.exchange.sent(False)
        if body and not self._sent_body:
            self._sent_body = True
            self.exchange.sent(True)

    def headers(self, status: int, content_type: str, raw: bytes) -> None:
        """The answer's headers. A server may answer before it has read all: what was sent of the
        request comes before them all the same."""
        self.sent(body=True)
        self._pass_on(not self.over and self.exchange.headers(status, content_type, raw))

    def body(self, data: bytes, progress: int) -> None:
        """Bytes of the body; `progress` 100 ends the exchange."""
        alive = not self.over
        self.over = self.over or progress == 100
        self._pass_on(alive and self.exchange.body(data, progress))

    def fail(self, words: str) -> None:
        """Ends the exchange, if it has not ended, with a reason that names its URL."""
        if not self.over:
            self.over = True
            self.exchange.fail(_printable(f"{shown(self.exchange.url)}: {words}"))

    def end(self) -> None:
        """Ends the exchange without a word: it was cancelled."""
        self.over = True

    def behind(self) -> bool:
        """Whether the module is so far behind that reading has to stop."""
        return self.exchange.backlog() > BACKLOG_LIMIT

    async def caught_up(self) -> None:
        """Waits until the core says that the module is no longer behind."""
        self._drained.clear()
        while self.exchange.pause(BACKLOG_LIMIT):
            await self._drained.wait()
            self._drained.clear()

    def resume(self) -> None:
        """The backlog has drained: go on."""
        self._drained.set()

    def _pass_on(self, wanted: bool) -> None:
        if not wanted:
            self.over = True
            raise NobodyListens
