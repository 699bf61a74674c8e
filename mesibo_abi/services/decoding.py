"""Content-Encoding taken off a body while it comes in, in pieces of a bounded size: a small
chunk may hide a large body."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from .transfer import Failure

PIECE = 256 << 10
"""The most bytes that are decoded at once."""

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


class Decoder(Protocol):
    """Decodes one body."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` decodes to, as it is asked for. Raises Failure for invalid data."""

    def end(self) -> None:
        """The body is complete. Raises Failure where the encoded data is not."""


def decoder_for(encoding: str) -> Decoder:
    """The decoder for a Content-Encoding; Failure for one this host does not know."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Identity()
    if name in ("gzip", "x-gzip"):
        return _Gzip()
    if name == "deflate":
        return _Deflate()
    raise Failure(f'the body is encoded as "{name}", which this host does not decode')


class _Identity:
    def feed(self, data: bytes) -> Iterator[bytes]:
        if data:
            yield data

    def end(self) -> None:
        return


class _Gzip:
    """One gzip member or several, one behind the other; zeros behind them are padding."""

    def __init__(self) -> None:
        self._member = _Inflate("gzip", _GZIP)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.complete:
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._member = _Inflate("gzip", _GZIP)
            yield from self._member.feed(data)
            data = self._member.rest

    def end(self) -> None:
        self._member.end()


class _Deflate:
    """The zlib format, as the standard has it, or bare deflate data, as some servers send: no bare
    data begins with the 8 of zlib's first byte."""

    def __init__(self) -> None:
        self._stream: _Inflate | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self._stream is None:
            self._stream = _Inflate("deflate", _ZLIB if data[0] & 0x0F == 8 else _RAW)
        if not self._stream.complete:
            yield from self._stream.feed(data)
            data = self._stream.rest
        if data:
            raise Failure("the body is not valid deflate: bytes behind its end")

    def end(self) -> None:
        if self._stream is not None:
            self._stream.end()


class _Inflate:
    """One zlib stream."""

    def __init__(self, name: str, wbits: int) -> None:
        self._name = name
        self._stream = zlib.decompressobj(wbits)
        self._begun = False

    @property
    def complete(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        """What of the last data lay behind the end."""
        return self._stream.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = True
        piece = self._decode(data)
        while piece:
            yield piece
            if self._stream.eof:
                return
            # Output may wait inside zlib with no input left.
            piece = self._decode(self._stream.unconsumed_tail)

    def end(self) -> None:
        if self._begun and not self._stream.eof:
            raise Failure(f"the body's {self._name} data ends too early")

    def _decode(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, PIECE)
        except zlib.error as error:
            raise Failure(f"the body is not valid {self._name}: {_words(error)}") from None


def _words(error: zlib.error) -> str:
    """zlib's own words, without "Error -3 while decompressing data: "."""
    return str(error).rpartition(": ")[2]
