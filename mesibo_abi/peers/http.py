"""A scripted HTTP server."""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ..services.http_types import HttpRequest, HttpResponse
from .peer import NotARequest, Peer
from .replies import Reply, Then, as_bytes, refused

_LINE = re.compile(rb"([!-~]+) ([!-~]+) HTTP/1\.[01]")
_LARGEST_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class HttpAsked(HttpRequest):
    """One request, as it came: `headers` are all that were sent, `url` is whole. `connection`
    numbers the connections, from 0."""

    connection: int = 0

    @property
    def target(self) -> str:
        """Path and query."""
        return "/" + self.url.split("/", 3)[3]


@dataclass(frozen=True, slots=True)
class HttpReply(Reply):
    """A response. Its Content-Length is added, unless `headers` have one or a Transfer-Encoding;
    None in place of a value leaves that header out. `cut` counts from the status line on.

    Raises InputError for a status that is none, and for headers of several lines.
    """

    body: str | bytes = b""
    status: int = field(default=200, kw_only=True)
    headers: Mapping[str, str | None] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        Reply.__post_init__(self)
        if not isinstance(self.body, str | bytes):
            kind = type(self.body).__name__
            raise refused(self, "such a body", "str or bytes", kind, "encode it: json.dumps(...)")
        if not 100 <= self.status <= 999:
            raise refused(self, f"status={self.status!r}", "100 to 999", repr(self.status))
        for name, value in self.headers.items():
            if not f"{name}{value}".isprintable():
                raise refused(self, f"the header {name!r}", "text on one line", repr(value))

    @classmethod
    def of(cls, response: HttpResponse) -> HttpReply:
        """That of a response as an `http=` handler of a host gives it."""
        return cls(response.body, status=response.status, headers=response.headers)

    def encode(self) -> bytes:
        """Status line, headers and body."""
        body = as_bytes(self.body)
        given = {name.lower() for name in self.headers}
        headers = dict(self.headers)
        if not given & {"content-length", "transfer-encoding"}:
            headers["Content-Length"] = str(len(body))
        reason = http.client.responses.get(self.status, "Unknown")
        lines = [f"HTTP/1.1 {self.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


class HttpPeer(Peer[HttpAsked]):
    """A scripted HTTP/1.1 server; its requests are HttpAsked, its replies HttpReply."""

    protocol: ClassVar[str] = "HTTP"

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"{'http' if self._tls is None else 'https'}://{self.address}"

    def _plain(self, content: str | bytes) -> HttpReply:
        return HttpReply(content)

    def _then(self, asked: HttpAsked, reply: Reply) -> Then:
        leaves = asked.header("Connection").lower() == "close"
        return Then.CLOSE if leaves else Peer._then(self, asked, reply)

    async def _read(self, reader: asyncio.StreamReader, connection: int) -> HttpAsked | None:
        return await read_request(reader, self.url, connection)


async def read_request(
    reader: asyncio.StreamReader, base: str, connection: int
) -> HttpAsked | None:
    """The next request of a connection to the server whose URL is `base`; None where the client
    leaves. Raises NotARequest."""
    head = await _head(reader)
    if head is None:
        return None
    line, *rest = head.split(b"\r\n")
    found = _LINE.fullmatch(line)
    if found is None:
        raise NotARequest(f"the line {line[:80]!r}")
    method, target = (part.decode("ascii") for part in found.groups())
    headers = tuple(_header(each) for each in rest)
    url = target if "://" in target else f"{base}{target}"
    asked = HttpAsked(method, url, headers, b"", connection)
    return HttpAsked(method, url, headers, await _body(reader, asked), connection)


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    """All up to the empty line; None where the client leaves before it."""
    head = bytearray()
    while line := await reader.readline():
        if not line.strip() and head:
            return bytes(head).rstrip(b"\r\n")
        head += line
        if len(head) > _LARGEST_HEAD:
            raise NotARequest(f"headers of more than {_LARGEST_HEAD} bytes")
    return None


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
    if not colon:
        raise NotARequest(f"the header {line[:80]!r}")
    return name.strip(), value.strip()


async def _body(reader: asyncio.StreamReader, asked: HttpAsked) -> bytes:
    if asked.header("Transfer-Encoding").lower() == "chunked":
        return await _chunks(reader)
    length = asked.header("Content-Length", "0")
    if not length.isdecimal():
        raise NotARequest(f"a Content-Length of {length!r}")
    return await reader.readexactly(int(length))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        line = await reader.readline()
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            raise NotARequest(f"the size of a chunk {line[:80]!r}") from None
        body += await reader.readexactly(size)
        end = await reader.readline()
        if size == 0:
            while end.strip():  # trailers
                end = await reader.readline()
            return body
