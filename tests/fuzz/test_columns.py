"""Columns by a producer that is mistaken, or means harm: lengths, offsets, bits of validity and
buffers that do not go together. Either they are refused, in words, or a batch runs; and nothing is
read that is not there."""

from __future__ import annotations

import os
import struct
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, InputError, Message, Module, Result
from tests.fuzz.producer import Column, Producer

EXAMPLES = 100 * int(os.environ.get("FUZZ_SECONDS", "2"))
fuzzed = settings(
    max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), print_blob=True, deadline=None
)

ROOM = 64  # rows that there are in every buffer
BYTES = 50  # of text; where buffers end is not said, so nobody can see a text that ends behind
TEXTS = ["u", "z", "U", "Z", "vu", "vz"]
NUMBERS = {"c": 1, "C": 1, "s": 2, "S": 2, "i": 4, "I": 4, "l": 8, "L": 8}
THIRD = ROOM // 3
LIES = ["column", "columns", "buffer", "buffers", "rows", "negative", "nulls", "order", "bytes"]
"""What is wrong with a producer: any two of them at once."""
Lies = frozenset[str]

ENDS = st.lists(st.integers(0, BYTES), min_size=ROOM + 1, max_size=ROOM + 1).map(sorted)
WRONG = st.sampled_from([-1, -(1 << 31), 0, BYTES])
VALID = st.none() | st.binary(min_size=ROOM // 8, max_size=ROOM // 8)


@st.composite
def offsets(draw: st.DrawFn, size: int, lies: Lies) -> bytes:
    found = draw(ENDS)
    if "order" in lies:
        for row, offset in draw(st.dictionaries(st.integers(0, ROOM), WRONG, max_size=2)).items():
            found[row] = offset
    return b"".join(each.to_bytes(size, "little", signed=True) for each in found)


def views(lies: Lies) -> st.SearchStrategy[bytes]:
    """Of texts that are in the view itself, or in the first of two buffers."""
    sane = st.tuples(st.integers(0, 20), st.just(0), st.integers(0, BYTES - 20))
    wild = st.tuples(st.integers(-1, 1 << 30), st.integers(-1, 2), st.integers(-1, BYTES))
    return (sane | wild if "order" in lies else sane).map(
        lambda view: struct.pack("<i4sii", view[0], b"abcd", view[1], view[2])
    )


@st.composite
def texts(draw: st.DrawFn, form: str, lies: Lies) -> list[bytes | None]:
    data = draw(st.sampled_from([b"x" * BYTES, b"\0" * BYTES]))
    there = None if "bytes" in lies else data
    if not form.startswith("v"):
        return [draw(VALID), draw(offsets(8 if form in "UZ" else 4, lies)), there]
    rows = b"".join(draw(st.lists(views(lies), min_size=1, max_size=4)) * ROOM)[: 16 * ROOM]
    return [draw(VALID), rows, there, data, struct.pack("<2q", BYTES, BYTES)]


@st.composite
def columns(draw: st.DrawFn, name: str, lies: Lies) -> Column | None:
    is_text = name in ("message", "to", "from")
    form = draw(st.sampled_from([*(TEXTS if is_text else NUMBERS), "n"]))
    buffers: list[bytes | None] = []
    if form != "n" and is_text:
        buffers = draw(texts(form, lies))
    elif form != "n":
        size = ROOM * NUMBERS[form]
        buffers = [
            draw(VALID),
            draw(st.binary(min_size=size, max_size=size) | st.just(bytes(size))),
        ]
    count = len(buffers)
    if buffers and "buffer" in lies:
        buffers[draw(st.sampled_from([1, count - 1]))] = None
    if buffers and "buffers" in lies:
        count = draw(st.integers(-1, min(count - 1, 2)))
    length = draw(st.integers(-1, THIRD)) if "rows" in lies else 2 * THIRD
    offset = draw(st.integers(-1 if "negative" in lies else 0, THIRD))
    column = Column(name, form, length, offset, buffers, count)
    return None if "column" in lies and draw(st.booleans()) else column


@st.composite
def producers(draw: st.DrawFn) -> Producer:
    lies = draw(st.frozensets(st.sampled_from(LIES), max_size=2))
    names = ["message", "to", "from", "id", "flags", "to_online"]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    least = -1 if "negative" in lies else 0
    return Producer(
        [draw(columns(name, lies)) for name in chosen],
        length=draw(st.integers(least, THIRD)),
        offset=draw(st.integers(least, THIRD)),
        valid=draw(VALID) if "nulls" in lies else None,
        null_count=draw(st.integers(-1, 1)),
        n_children=draw(st.integers(-1, len(chosen))) if "columns" in lies else None,
        at_end=draw(st.booleans()),
    )


class Reader(Module):
    def on_message(self, message: Message) -> Result:
        assert len(bytes(message.payload)) <= ROOM
        return Result.CONSUMED if message.to == message.from_ else Result.PASS


@fuzzed
@given(producer=producers())
def test_whatever_a_producer_says(producer: Producer) -> None:
    with closing(producer), Host() as host:
        host.load("reader", Reader)
        try:
            result = host.process_batch(producer)
            assert len(result) == producer.length
            del result
        except InputError as error:
            what, expected, hint = str(error).split("\n")
            assert what
            assert expected.startswith("  expected ")
            assert hint.startswith("  hint: ")
        assert producer.released.count("array") == 1


def column(**said: object) -> Column:
    """One of two texts, but for what is said."""
    buffers = [None, struct.pack("<3i", 0, 2, 4), b"abcd"]
    usual = {"name": "to", "format": "u", "length": 2, "offset": 0, "buffers": buffers}
    # Its fields are of several types, which no type of a mapping can tell.
    return Column(**{**usual, **said})  # type: ignore[arg-type]


VIEWS = struct.pack("<i4sii", 13, b"abcd", 0, 0) * 2
CHECK = "have its producer check it, in pyarrow with .validate(full=True)"
UNUSABLE = "the batch's column `to` cannot be used"
UNREADABLE = "the batch cannot be read"
IN_ORDER = (
    "expected texts that end behind their beginning and lie in their buffers, that of row 0 does "
    "not"
)


@pytest.mark.parametrize(
    ("producer", "what", "detail"),
    [
        (Producer([], -1, 0), UNREADABLE, "expected rows, found -1 of them from row 0 on"),
        (Producer([], 2, -1), UNREADABLE, "expected rows, found 2 of them from row -1 on"),
        (
            Producer([], 2, (1 << 63) - 2),
            UNREADABLE,
            f"expected rows, found 2 of them from row {(1 << 63) - 2} on",
        ),
        (
            Producer([column()], 2, 0, n_children=0),
            UNREADABLE,
            "expected 1 columns, as in its schema, found 0",
        ),
        (Producer([None], 2, 0), UNREADABLE, "expected a schema of column 0, found none"),
        (
            Producer([column()], 2, 1),
            UNUSABLE,
            "expected 3 rows, found 2 of them from row 0 on",
        ),
        (
            Producer([column(offset=-1)], 2, 0),
            UNUSABLE,
            "expected 2 rows, found 2 of them from row -1 on",
        ),
        (
            Producer([column(n_buffers=2)], 2, 0),
            UNUSABLE,
            "expected the 3 buffers of Arrow's 'u', found 2",
        ),
        (
            Producer([column(buffers=[None, None, b"abcd"])], 2, 0),
            UNUSABLE,
            "expected a buffer that says what is in its rows, found none",
        ),
        (
            Producer([column(format="vu", buffers=[None, VIEWS, b"a" * 13, None])], 2, 0),
            UNUSABLE,
            "expected a buffer with the sizes of others, found none",
        ),
        (
            Producer([column(buffers=[None, struct.pack("<3i", 0, 2, 4), None])], 2, 0),
            UNUSABLE,
            IN_ORDER,
        ),
        (
            Producer(
                [column(format="vu", buffers=[None, VIEWS, None, struct.pack("<q", 13)])], 2, 0
            ),
            UNUSABLE,
            IN_ORDER,
        ),
    ],
)
def test_what_is_said_of_it(producer: Producer, what: str, detail: str) -> None:
    with closing(producer), Host() as host, pytest.raises(InputError) as caught:
        host.process_batch(producer)
    assert str(caught.value) == f"{what}\n  {detail}\n  hint: {CHECK}"


def test_offsets_of_rows_that_are_null_are_not_followed() -> None:
    """A NUL in an address is looked for between them, where all of them are in order."""
    offsets = struct.pack("<3i", -(1 << 30), 2, 4)
    producer = Producer([column(buffers=[b"\2", offsets, b"abcd"])], 2, 0)
    with closing(producer), Host() as host:
        assert len(host.process_batch(producer)) == 2


def test_what_was_taken_already() -> None:
    producer = Producer([column()], 2, 0)
    capsules = producer.__arrow_c_array__()

    class Again:
        def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
            return capsules

    with closing(producer), Host() as host:
        assert len(host.process_batch(Again())) == 2
        with pytest.raises(InputError) as caught:
            host.process_batch(Again())
    assert str(caught.value) == (
        f"{UNREADABLE}\n  expected columns, found what was taken already\n"
        "  hint: ask its producer for another"
    )
    assert producer.released.count("array") == 1
