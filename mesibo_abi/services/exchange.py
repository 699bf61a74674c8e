"""The contract between the host's core and its HTTP service: one request, and the calls that
answer it."""

from __future__ import annotations

from typing import Protocol


class Exchange(Protocol):
    """One HTTP request of a module, from the moment the host accepted it until its last answer.

    The bridge makes it; the service reads it and answers it. Attributes are the module's options,
    copied: text is decoded as UTF-8 with surrogateescape, None is what the module left NULL.
    Numbers are unsigned 64-bit values as the module wrote them, 0 is what it left unset. The
    object is compared and hashed by identity.

    Everything may be called from any thread. The answering calls come in this order, and return
    False as soon as nobody wants more (the module cancelled, the host closed); then nothing more
    is called. Exactly one `body(..., 100)` or `fail` ends an exchange that was not cancelled:

        sent(False), sent(True) where there is a body, headers, body..., body(..., 100) | fail
    """

    @property
    def url(self) -> str:
        """The URL as the module wrote it."""

    @property
    def post(self) -> bytes | None:
        """The body of a POST; None is a GET."""

    @property
    def proxy(self) -> str | None:
        """The URL of an HTTP proxy, or its `host:port`."""

    @property
    def content_type(self) -> str | None:
        """The header Content-Type."""

    @property
    def extra_header(self) -> str | None:
        """Further header lines, `Name: value`, separated by line breaks."""

    @property
    def user_agent(self) -> str | None:
        """The header User-Agent."""

    @property
    def referrer(self) -> str | None:
        """The header Referer."""

    @property
    def origin(self) -> str | None:
        """The header Origin."""

    @property
    def cookie(self) -> str | None:
        """The header Cookie."""

    @property
    def encoding(self) -> str | None:
        """The header Accept-Encoding."""

    @property
    def cache_control(self) -> str | None:
        """The header Cache-Control."""

    @property
    def accept(self) -> str | None:
        """The header Accept."""

    @property
    def etag(self) -> str | None:
        """The header If-None-Match."""

    @property
    def ims(self) -> int:
        """If-Modified-Since, in seconds since 1970."""

    @property
    def maxredirects(self) -> int:
        """How many redirects are followed; 0 follows none."""

    @property
    def conn_timeout(self) -> int:
        """Seconds; 0 is the host's default, as for the other three."""

    @property
    def header_timeout(self) -> int:
        """Seconds."""

    @property
    def body_timeout(self) -> int:
        """Seconds."""

    @property
    def total_timeout(self) -> int:
        """Seconds."""

    @property
    def retries(self) -> int:
        """How often a request that got no answer is tried again."""

    @property
    def cancelled(self) -> bool:
        """True once nobody wants an answer any more."""

    def sent(self, body: bool) -> bool:
        """The request line and headers went out (`body` False), or the body did (True)."""

    def headers(self, status: int, content_type: str, raw: bytes) -> bool:
        """The answer's headers, once. `raw` is the status line and the header lines, each with its
        line break, and an empty line."""

    def body(self, data: bytes, progress: int) -> bool:
        """Decoded bytes of the body. `progress` is 1 to 99, and 100 in the one last call, whose
        `data` may be empty."""

    def fail(self, reason: str) -> bool:
        """The end without an answer, or without all of it; `reason` is a sentence for people."""

    def backlog(self) -> int:
        """Bytes given to `body` that the module has not taken yet."""

    def pause(self, size: int) -> bool:
        """True where the backlog is above `size`: then the service is told to resume once it is
        below half of that."""
