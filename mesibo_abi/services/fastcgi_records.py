"""FastCGI on the wire: a request as records, and the records of its answer."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .transfer import Failure

VERSION = 1
REQUEST = 1
"""The number of the one request of a connection."""

_HEADER = struct.Struct(">BBHHBx")
_BEGIN = struct.Struct(">HB5x")
_END = struct.Struct(">IB3x")
_RESPONDER = 1
_KEEP_CONNECTION = 1
_LARGEST = 0xFFF8  # the largest content that needs no padding to a multiple of 8


class RecordType(enum.IntEnum):
    """The records that a responder sees and sends."""

    BEGIN = 1
    END = 3
    PARAMS = 4
    STDIN = 5
    STDOUT = 6
    STDERR = 7


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an answer. `type` may be a number that RecordType does not have."""

    type: int
    request: int
    content: bytes


def encode_params(params: Mapping[str, str]) -> bytes:
    """Parameters as they go into a request. Raises UnicodeEncodeError for a lone surrogate that
    does not stand for a byte."""
    return b"".join(_pair(name, value) for name, value in params.items())


def encode_request(params: bytes, body: bytes, *, keep: bool) -> Iterator[bytes]:
    """The records of a request, one by one. `keep` asks that the connection stay open."""
    flags = _KEEP_CONNECTION if keep else 0
    yield _record(RecordType.BEGIN, _BEGIN.pack(_RESPONDER, flags))
    yield from encode_stream(RecordType.PARAMS, params)
    yield from encode_stream(RecordType.STDIN, body)


def encode_stream(kind: RecordType, data: bytes) -> Iterator[bytes]:
    """The records of a stream, and the empty one that ends it."""
    for start in range(0, len(data), _LARGEST):
        yield _record(kind, data[start : start + _LARGEST])
    yield _record(kind, b"")


def encode_end(status: int, refusal: int) -> bytes:
    """The record that ends an answer: what the application returned, and whether it was refused."""
    return _record(RecordType.END, _END.pack(status, refusal))


def _record(kind: RecordType, content: bytes) -> bytes:
    return _HEADER.pack(VERSION, kind, REQUEST, len(content), 0) + content


def _pair(name: str, value: str) -> bytes:
    key, data = (text.encode("utf-8", "surrogateescape") for text in (name, value))
    return _length(len(key)) + _length(len(data)) + key + data


def _length(size: int) -> bytes:
    return bytes([size]) if size < 0x80 else (size | 1 << 31).to_bytes(4, "big")


def decode_begin(content: bytes) -> bool:
    """Whether a request asks that the connection stay open. Raises Failure for a record that
    begins none."""
    if len(content) != _BEGIN.size:
        raise Failure(f"a begin of {len(content)} bytes, expected {_BEGIN.size}")
    _, flags = _BEGIN.unpack(content)
    return bool(flags & _KEEP_CONNECTION)


def decode_params(data: bytes) -> dict[str, str]:
    """The parameters of a request. Raises Failure for what is cut short."""
    params, at = {}, 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            width = 4 if data[at : at + 1] >= b"\x80" else 1
            if at + width > len(data):
                raise Failure("parameters that are cut short")
            sizes.append(int.from_bytes(data[at : at + width], "big") & 0x7FFFFFFF)
            at += width
        if at + sum(sizes) > len(data):
            raise Failure("parameters that are cut short")
        name, value = data[at : at + sizes[0]], data[at + sizes[0] : at + sum(sizes)]
        params[name.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at += sum(sizes)
    return params


class Records:
    """Reads records out of bytes that come in pieces of any size."""

    def __init__(self) -> None:
        self._pending = bytearray()

    @property
    def empty(self) -> bool:
        """Whether nothing of a further record is there."""
        return not self._pending

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that `data` completes. Raises Failure for what is no FastCGI."""
        self._pending += data
        while len(self._pending) >= _HEADER.size:
            version, kind, request, length, padding = _HEADER.unpack_from(self._pending)
            if version != VERSION:
                raise Failure(f"the answer is not FastCGI: version {version}, expected {VERSION}")
            end = _HEADER.size + length
            if len(self._pending) < end + padding:
                return
            content = bytes(self._pending[_HEADER.size : end])
            del self._pending[: end + padding]
            yield Record(kind, request, content)


class Answer:
    """One answer as its records come in: what the application wrote, and how it ended."""

    def __init__(self, largest: int) -> None:
        self.output = bytearray()
        self.errors = bytearray()
        self.over = False
        self._largest = largest

    def add(self, record: Record) -> None:
        """Takes a record in. Raises Failure where it has no place in the answer, or says that the
        request failed."""
        if record.request == 0:
            return  # about the connection, not about a request
        if record.request != REQUEST:
            raise Failure(f"the answer is to request {record.request}, expected {REQUEST}")
        if self.over:
            raise Failure("the answer goes on behind its end")
        match record.type:
            case RecordType.STDOUT:
                self._extend(self.output, record.content)
            case RecordType.STDERR:
                self._extend(self.errors, record.content)
            case RecordType.END:
                self.over = True
                _check_end(record.content)
            case _:
                raise Failure(f"the answer has a record of type {record.type}")

    def _extend(self, stream: bytearray, content: bytes) -> None:
        stream += content
        if len(stream) > self._largest:
            raise Failure(f"the answer is larger than {self._largest} bytes")

    def body(self) -> bytes:
        """The output behind its CGI headers. Raises Failure where it does not begin with some."""
        start = 0
        while (found := self.output.find(b"\n", start)) >= 0:
            line, start = bytes(self.output[start:found]).rstrip(b"\r"), found + 1
            if not line:
                return bytes(self.output[start:])
            if b":" not in line:
                raise Failure("the answer does not begin with CGI headers")
        raise Failure(f"the answer of {len(self.output)} bytes has no end of its CGI headers")


_REFUSALS = {
    1: "the server does not take several requests on one connection",
    2: "the server is overloaded",
    3: "the server is no FastCGI responder",
}


def _check_end(content: bytes) -> None:
    if len(content) != _END.size:
        raise Failure(f"the answer's end has {len(content)} bytes, expected {_END.size}")
    status, refusal = _END.unpack(content)
    if refusal:
        words = _REFUSALS.get(refusal, "the server refused the request")
        raise Failure(f"{words} (protocol status {refusal})")
    if status:
        raise Failure(f"the application ended with status {status}")
