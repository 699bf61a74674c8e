from __future__ import annotations

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.services.decoding import PIECE, decoder_for
from mesibo_abi.services.transfer import Failure

BODIES = st.one_of(st.binary(max_size=3000), st.binary(max_size=4).map(lambda b: b * 2000))


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-zlib.MAX_WBITS)


def decode(encoding: str, chunks: list[bytes]) -> bytes:
    decoder = decoder_for(encoding)
    decoded = b"".join(piece for chunk in chunks for piece in decoder.feed(chunk))
    decoder.end()
    return decoded


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(BODIES, st.integers(1, 50))
def test_any_body_in_any_chunks(body: bytes, size: int) -> None:
    assert decode("gzip", cut(gzip.compress(body), size)) == body
    assert decode(" X-GZIP", cut(gzip.compress(body), size)) == body
    assert decode("deflate", cut(zlib.compress(body), size)) == body
    assert decode("deflate", cut(raw_deflate(body), size)) == body
    assert decode("identity", cut(body, size)) == body
    assert decode("", cut(body, size)) == body


@given(st.lists(BODIES, min_size=1, max_size=4), st.integers(1, 50), st.integers(0, 20))
def test_gzip_members_and_padding(bodies: list[bytes], size: int, padding: int) -> None:
    packed = b"".join(map(gzip.compress, bodies)) + b"\0" * padding
    assert decode("gzip", cut(packed, size)) == b"".join(bodies)


@given(BODIES, st.integers(1, 50), st.data())
def test_a_part_is_not_the_whole(body: bytes, size: int, data: st.DataObject) -> None:
    for encoding, packed in [("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))]:
        part = packed[: data.draw(st.integers(1, len(packed) - 1))]
        with pytest.raises(Failure, match=f"^the body's {encoding} data ends too early$"):
            decode(encoding, cut(part, size))


@given(st.binary(min_size=1), st.sampled_from(["gzip", "deflate"]))
def test_garbage_is_decoded_or_refused(data: bytes, encoding: str) -> None:
    with contextlib.suppress(Failure):
        decode(encoding, [data])


def test_nothing_is_an_empty_body() -> None:
    for encoding in ("", "gzip", "deflate"):
        assert decode(encoding, []) == b""
        assert decode(encoding, [b""]) == b""


@pytest.mark.parametrize(
    ("encoding", "data", "words"),
    [
        (
            "gzip",
            gzip.compress(b"a", mtime=0) + b"xyz",
            "the body is not valid gzip: incorrect header check",
        ),
        (
            "deflate",
            zlib.compress(b"a") + b"xyz",
            "the body is not valid deflate: bytes behind its end",
        ),
        (
            "gzip",
            gzip.compress(b"hello", mtime=0)[:-8] + b"\1" * 8,
            "the body is not valid gzip: incorrect data check",
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_broken_data(encoding: str, data: bytes, words: str, size: int) -> None:
    with pytest.raises(Failure) as caught:
        decode(encoding, cut(data, size))
    assert str(caught.value) == words


def test_unknown_encodings() -> None:
    with pytest.raises(Failure) as caught:
        decoder_for("gzip, zstd")
    words = 'the body is encoded as "gzip, zstd", which this host does not decode'
    assert str(caught.value) == words


def test_a_small_chunk_that_hides_a_large_body_comes_in_pieces() -> None:
    size = 10 * PIECE + 7
    body = b"\0" * size
    for encoding, packed in [("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))]:
        pieces = list(decoder_for(encoding).feed(packed))
        assert sum(map(len, pieces)) == size
        assert max(map(len, pieces)) <= PIECE
