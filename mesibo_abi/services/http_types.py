"""The values of the HTTP service that users meet: a request, a response, the default timeouts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request as it would go out: what a handler given to the host receives.

    `headers` are pairs in the order of sending, without Host and Content-Length.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str, default: str = "") -> str:
        """The value of the first header of that name, in any case of letters."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a handler answers with. `body` is given to the module as it is, undecoded. What is none,
    a status that is no number of 100 to 999 or a header of several lines, fails the request."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


HttpHandler: TypeAlias = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]
"""Answers requests in place of the network. It runs on the service thread, so it must not block:
one that waits is an `async def`. An exception in it is a failure of the request, and is logged."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds of one request, in seconds; 0 is no bound of its own."""

    connect: float = 10.0
    """Looking up the host, connecting and TLS, a proxy's part included; anew for each redirect.
    Where many connect to one peer, from the turn of this one; as long as others get through, it may
    wait for that."""
    headers: float = 60.0
    """From being connected to the end of the answer's headers; anew for each redirect."""
    body: float = 0.0
    """From the headers to the end of the body, but for the time the module makes it wait."""
    total: float = 300.0
    """Everything: redirects, retries, the pauses between them, and a module that is slow."""


DEFAULT_TIMEOUTS = Timeouts()
