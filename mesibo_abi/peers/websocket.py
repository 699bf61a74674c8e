"""A scripted WebSocket server (RFC 6455, no extensions)."""

from __future__ import annotations

import asyncio
import base64
import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from .http import HttpAsked, read_request
from .peer import Answer, Answering, NotARequest, Peer
from .replies import Reply, Streams, Then, as_bytes, refused
from .tls import Certificate

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True, slots=True)
class WebSocketAsked:
    """A message as it came, whole: `data` is str where it was sent as text, else bytes.
    `connection` numbers the connections, from 0."""

    data: str | bytes
    connection: int


@dataclass(frozen=True, slots=True)
class WebSocketReply(Reply):
    """A message: str goes out as text, bytes as binary; None is no message. `close` is the code of
    a close frame behind it, which ends the connection in order. `cut` counts bytes of the frames.

    Raises InputError for a code that is none.
    """

    content: str | bytes | None = None
    close: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        Reply.__post_init__(self)
        if self.close is not None and not 1000 <= self.close <= 4999:
            raise refused(self, f"close={self.close!r}", "1000 to 4999", repr(self.close))

    def encode(self) -> bytes:
        """Its frames."""
        frames = b""
        if self.content is not None:
            kind = Opcode.TEXT if isinstance(self.content, str) else Opcode.BINARY
            frames = encode_frame(kind, as_bytes(self.content))
        if self.close is not None:
            frames += encode_frame(Opcode.CLOSE, self.close.to_bytes(2))
        return frames


class WebSocketPeer(Peer[WebSocketAsked]):
    """A scripted WebSocket server at any path; its requests are WebSocketAsked, its replies
    WebSocketReply, one for each message. Pings are answered, and so is a close.

    `subprotocols` are those that it takes: the first that was asked for and is one of them.
    """

    protocol: ClassVar[str] = "WebSocket"

    def __init__(
        self,
        *script: Answer | Answering[WebSocketAsked],
        subprotocols: Sequence[str] = (),
        tls: Certificate | None = None,
    ) -> None:
        self._subprotocols = tuple(subprotocols)
        self._handshakes: list[HttpAsked] = []
        self._lines: dict[int, _Line] = {}
        super().__init__(*script, tls=tls)

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"{'ws' if self._tls is None else 'wss'}://{self.address}"

    @property
    def handshakes(self) -> tuple[HttpAsked, ...]:
        """The requests that connections began with, in the order in which they came."""
        return tuple(self._handshakes)

    def _plain(self, content: str | bytes) -> WebSocketReply:
        return WebSocketReply(content)

    def _then(self, asked: WebSocketAsked, reply: Reply) -> Then:
        if isinstance(reply, WebSocketReply) and reply.close is not None and reply.cut is None:
            self._lines[asked.connection].closes = True  # its answer is waited for
        return Peer._then(self, asked, reply)

    async def _greet(self, streams: Streams, connection: int) -> None:
        reader, writer = streams
        asked = await read_request(reader, self.url, connection)
        if asked is None:
            raise ConnectionResetError
        self._handshakes.append(asked)
        self._lines[connection] = _Line(writer)
        writer.write(_accepted(asked, self._subprotocols))
        await writer.drain()

    async def _read(self, reader: asyncio.StreamReader, connection: int) -> WebSocketAsked | None:
        line = self._lines[connection]
        message: bytes = b""
        kind: Opcode | None = None
        while True:
            frame = await read_frame(reader)
            if frame.opcode is Opcode.CLOSE:
                if not line.closes:
                    await line.say(Opcode.CLOSE, frame.payload)
                return None
            if frame.opcode is Opcode.PING:
                await line.say(Opcode.PONG, frame.payload)
            if frame.opcode.is_control or line.closes:
                continue
            if (kind is None) == (frame.opcode is Opcode.MORE):
                raise NotARequest(f"a frame {frame.opcode.name} where none can be")
            kind = kind or frame.opcode
            message += frame.payload
            if frame.is_last:
                return WebSocketAsked(_content(kind, message), connection)


@dataclass
class _Line:
    """A connection on its way out. `closes`: a close frame was sent."""

    writer: asyncio.StreamWriter
    closes: bool = False

    async def say(self, opcode: Opcode, payload: bytes) -> None:
        self.writer.write(encode_frame(opcode, payload))
        await self.writer.drain()


def _accepted(asked: HttpAsked, subprotocols: Sequence[str]) -> bytes:
    key = asked.header("Sec-WebSocket-Key")
    if asked.header("Upgrade").lower() != "websocket" or not key:
        raise NotARequest(f"a request for {asked.target} that does not ask for a WebSocket")
    digest = hashlib.sha1(key.encode() + _GUID).digest()
    wanted = [name.strip() for name in asked.header("Sec-WebSocket-Protocol").split(",")]
    taken = [name for name in wanted if name in subprotocols][:1]
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
        *(f"Sec-WebSocket-Protocol: {name}" for name in taken),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _content(kind: Opcode, message: bytes) -> str | bytes:
    if kind is Opcode.BINARY:
        return message
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise NotARequest(f"text that is not UTF-8: {message[:80]!r}") from error


# ---- Frames


class Opcode(enum.IntEnum):
    """What a frame is."""

    MORE = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10

    @property
    def is_control(self) -> bool:
        """Whether it may stand between the frames of a message."""
        return self >= Opcode.CLOSE


class Frame(NamedTuple):
    """One frame, unmasked."""

    opcode: Opcode
    payload: bytes
    is_last: bool


def encode_frame(opcode: Opcode, payload: bytes, *, is_last: bool = True) -> bytes:
    """A frame of a server: it has no mask."""
    size = len(payload)
    head = bytes([opcode | (0x80 if is_last else 0)])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 1 << 16:
        return head + bytes([126]) + size.to_bytes(2) + payload
    return head + bytes([127]) + size.to_bytes(8) + payload


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame of a client. Raises NotARequest for what a server must not accept."""
    first, second = await reader.readexactly(2)
    if first & 0x70:
        raise NotARequest("a frame of an extension that was not agreed upon")
    if not second & 0x80:
        raise NotARequest("a frame without a mask")
    if first & 0x0F not in tuple(Opcode):
        raise NotARequest(f"a frame of type {first & 0x0F}")
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
    mask = await reader.readexactly(4)
    payload = masked(await reader.readexactly(size), mask)
    return Frame(Opcode(first & 0x0F), payload, bool(first & 0x80))


def masked(data: bytes, mask: bytes) -> bytes:
    """Masked, or unmasked again."""
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))
