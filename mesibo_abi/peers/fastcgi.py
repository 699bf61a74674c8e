"""A scripted FastCGI application."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ..services.fastcgi_records import (
    Records,
    RecordType,
    decode_begin,
    decode_params,
    encode_end,
    encode_stream,
)
from ..services.transfer import Failure
from .peer import Answer, Answering, NotARequest, Peer
from .replies import Reply, Then, as_bytes, refused

_MOST = 1 << 16


@dataclass(frozen=True, slots=True)
class FastcgiAsked:
    """One request, as it came. `keep`: it asks that the connection stay open. `connection` numbers
    the connections, from 0."""

    params: dict[str, str]
    body: bytes
    keep: bool
    connection: int


@dataclass(frozen=True, slots=True)
class FastcgiReply(Reply):
    """What an application answers: `headers` and `body` on its output, `errors` on its error
    stream, the `status` that it ends with, and the `protocol_status` (above 0: a refusal)."""

    body: str | bytes = b""
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "text/plain"}, kw_only=True
    )
    errors: str | bytes = field(default=b"", kw_only=True)
    status: int = field(default=0, kw_only=True)
    protocol_status: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        Reply.__post_init__(self)
        for name, most in (("status", 1 << 32), ("protocol_status", 1 << 8)):
            value = getattr(self, name)
            if not 0 <= value < most:
                raise refused(self, f"{name}={value!r}", f"0 to {most - 1}", repr(value))

    def encode(self) -> bytes:
        """Its records."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        output = as_bytes(head + "\r\n") + as_bytes(self.body)
        errors = as_bytes(self.errors)
        return b"".join(
            [
                *(encode_stream(RecordType.STDERR, errors) if errors else ()),
                *encode_stream(RecordType.STDOUT, output),
                encode_end(self.status, self.protocol_status),
            ]
        )


class FastcgiPeer(Peer[FastcgiAsked]):
    """A scripted FastCGI responder; its requests are FastcgiAsked, its replies FastcgiReply. A
    connection that a request does not ask to keep is closed behind its reply.

    It listens on a port, or at `path` as a Unix socket, which is removed at its end. `host` and
    `port` are what a module gives to mesibo_util_fcgi, either way.
    """

    protocol: ClassVar[str] = "FastCGI"

    def __init__(
        self, *script: Answer | Answering[FastcgiAsked], path: str | os.PathLike[str] | None = None
    ) -> None:
        super().__init__(*script, path=None if path is None else Path(path).absolute())

    def _plain(self, content: str | bytes) -> FastcgiReply:
        return FastcgiReply(content)

    def _then(self, asked: FastcgiAsked, reply: Reply) -> Then:
        return Peer._then(self, asked, reply) if asked.keep else Then.CLOSE

    async def _read(self, reader: asyncio.StreamReader, connection: int) -> FastcgiAsked | None:
        try:
            return await read_request(reader, connection)
        except Failure as error:
            raise NotARequest(str(error)) from error


async def read_request(reader: asyncio.StreamReader, connection: int) -> FastcgiAsked | None:
    """The next request of a connection; None where the client leaves. Raises Failure for what is no
    FastCGI."""
    records = Records()
    streams = dict.fromkeys((RecordType.BEGIN, RecordType.PARAMS, RecordType.STDIN), b"")
    while data := await reader.read(_MOST):
        for record in records.feed(data):
            if record.type not in streams:
                raise Failure(f"a record of type {record.type}")
            kind = RecordType(record.type)
            streams[kind] += record.content
            if kind is RecordType.STDIN and not record.content:
                keep = decode_begin(streams[RecordType.BEGIN])
                params = decode_params(streams[RecordType.PARAMS])
                return FastcgiAsked(params, streams[RecordType.STDIN], keep, connection)
    return None
