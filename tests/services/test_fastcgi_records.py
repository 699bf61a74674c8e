"""FastCGI on the wire: whatever goes in comes out, in pieces of any size."""

from __future__ import annotations

import contextlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.services.fastcgi_records import (
    Answer,
    Record,
    Records,
    decode_params,
    encode_params,
    encode_request,
)
from mesibo_abi.services.transfer import Failure

# As in the files of a package, bytes that are not UTF-8 by surrogateescape.
TEXTS = st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape"))
RECORDS = st.builds(Record, st.integers(0, 255), st.integers(0, 0xFFFF), st.binary(max_size=300))


def packed(record: Record, padding: int = 0) -> bytes:
    head = struct.pack(
        ">BBHHBB", 1, record.type, record.request, len(record.content), padding, 0xAA
    )
    return head + record.content + b"\xbb" * padding


def answer_of(*records: Record, largest: int = 1000) -> Answer:
    answer = Answer(largest)
    for record in records:
        answer.add(record)
    return answer


def end(status: int = 0, refusal: int = 0) -> Record:
    return Record(3, 1, struct.pack(">IB3x", status, refusal))


@given(
    params=st.dictionaries(TEXTS, TEXTS, max_size=5),
    body=st.binary(max_size=200) | st.integers(65520, 140000).map(bytes),
    keep=st.booleans(),
)
def test_a_request_says_what_was_asked(params: dict[str, str], body: bytes, keep: bool) -> None:
    wire = b"".join(encode_request(encode_params(params), body, keep=keep))
    records = list(Records().feed(wire))
    assert {record.request for record in records} == {1}
    assert records[0] == Record(1, 1, bytes([0, 1, keep, 0, 0, 0, 0, 0]))
    streams = {4: b"", 5: b""}
    for record in records[1:]:
        streams[record.type] += record.content
    ends = [record.type for record in records[1:] if not record.content]
    assert ends == [4, 5]
    assert records[-1] == Record(5, 1, b"")
    assert streams[5] == body
    assert list(decode_params(streams[4]).items()) == list(params.items())


@given(
    records=st.lists(st.tuples(RECORDS, st.integers(0, 255)), max_size=6),
    cuts=st.lists(st.integers(0, 2000)),
)
def test_records_in_pieces(records: list[tuple[Record, int]], cuts: list[int]) -> None:
    wire = b"".join(packed(record, padding) for record, padding in records)
    reader = Records()
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    found = []
    for start, stop in itertools.pairwise(edges):
        found += list(reader.feed(wire[start:stop]))
    assert found == [record for record, _ in records]
    assert reader.empty


@given(record=RECORDS, padding=st.integers(0, 255), data=st.data())
def test_a_record_cut_short_is_none(record: Record, padding: int, data: st.DataObject) -> None:
    wire = packed(record, padding)
    cut = data.draw(st.integers(1, len(wire) - 1))
    reader = Records()
    assert list(reader.feed(wire[:cut])) == []
    assert not reader.empty


@given(noise=st.binary(max_size=400))
def test_noise_is_records_or_a_failure(noise: bytes) -> None:
    answer = Answer(100)
    with contextlib.suppress(Failure):
        for record in Records().feed(noise):
            answer.add(record)
    assert len(answer.output) + len(answer.errors) <= len(noise)


def test_another_version() -> None:
    with pytest.raises(Failure) as caught:
        list(Records().feed(b"HTTP/1.1 400 Bad Request"))
    assert str(caught.value) == "the answer is not FastCGI: version 72, expected 1"


def test_output_and_errors_are_kept_apart() -> None:
    head, rest = Record(6, 1, b"A: b\r\n\r"), Record(6, 1, b"\n1\n\n2")
    answer = answer_of(head, Record(7, 1, b"oops"), Record(9, 0, b"?"), rest, end())
    assert answer.over
    assert answer.body() == b"1\n\n2"
    assert bytes(answer.errors) == b"oops"


@pytest.mark.parametrize(
    ("output", "body"),
    [
        (b"A: b\n\nx", b"x"),
        (b"A: b\r\nC: d\r\n\r\n", b""),
        (b"A: b\n\r\n\r\n\r\n", b"\r\n\r\n"),
        (b"\nx", b"x"),
        (b"\r\n", b""),
    ],
)
def test_headers_end_at_an_empty_line(output: bytes, body: bytes) -> None:
    assert answer_of(Record(6, 1, output), end()).body() == body


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"", "the answer of 0 bytes has no end of its CGI headers"),
        (b"A: b\r\n", "the answer of 6 bytes has no end of its CGI headers"),
        (b"A: b\r\n\r", "the answer of 7 bytes has no end of its CGI headers"),
        (b"hello\n\nworld", "the answer does not begin with CGI headers"),
    ],
)
def test_headers_that_are_none(output: bytes, words: str) -> None:
    with pytest.raises(Failure) as caught:
        answer_of(Record(6, 1, output), end()).body()
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([Record(6, 7, b"")], "the answer is to request 7, expected 1"),
        ([end(), end()], "the answer goes on behind its end"),
        ([Record(11, 1, b"12345678")], "the answer has a record of type 11"),
        ([Record(3, 1, b"1234567")], "the answer's end has 7 bytes, expected 8"),
        ([Record(6, 1, b"x" * 600)] * 2, "the answer is larger than 1000 bytes"),
        ([Record(7, 1, b"x" * 600)] * 2, "the answer is larger than 1000 bytes"),
        ([end(3)], "the application ended with status 3"),
        ([end(0xFFFFFFFF)], "the application ended with status 4294967295"),
        (
            [end(0, 1)],
            "the server does not take several requests on one connection (protocol status 1)",
        ),
        ([end(0, 2)], "the server is overloaded (protocol status 2)"),
        ([end(9, 3)], "the server is no FastCGI responder (protocol status 3)"),
        ([end(0, 200)], "the server refused the request (protocol status 200)"),
    ],
)
def test_what_fails_an_answer(records: list[Record], words: str) -> None:
    with pytest.raises(Failure) as caught:
        answer_of(*records)
    assert str(caught.value) == words
