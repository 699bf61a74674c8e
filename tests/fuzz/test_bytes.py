"""What reads foreign bytes in Python: inputs of the corpus, changed here and there, are read or
refused with an exception of ours. FUZZ_SECONDS says how many are tried."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Error
from mesibo_abi.config import read as read_config
from mesibo_abi.config import render
from mesibo_abi.elf import inspect
from mesibo_abi.elf_layout import read_structs
from mesibo_abi.elf_needs import read_imports, read_needs
from mesibo_abi.services.fastcgi_records import Answer, Records
from mesibo_abi.services.transfer import Failure

CORPUS = Path(__file__).parent / "corpus"
EXAMPLES = 60 * int(os.environ.get("FUZZ_SECONDS", "2"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 10 * EXAMPLES)]
fuzzed = settings(
    max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), print_blob=True, deadline=None
)

Edits = list[tuple[int, bytes]]
INTERESTING = st.sampled_from(
    [b"\0", b"\xff" * 4, b"\x80", b"\x7f\xff\xff\xff", b"\0" * 8, b"\xff" * 8]
)
EDITS = st.lists(
    st.tuples(st.integers(0, 1 << 16), INTERESTING | st.binary(max_size=8)), max_size=6
)


def changed(folder: str) -> st.SearchStrategy[bytes]:
    """An input of the corpus, some bytes of it written over, perhaps cut short or made longer."""
    known = [path.read_bytes() for path in sorted((CORPUS / folder).iterdir())]
    assert known
    more = st.just(b"") | st.binary(max_size=50)
    return st.builds(
        _change, st.sampled_from(known), EDITS, st.none() | st.integers(0, 1 << 16), more
    )


def _change(data: bytes, edits: Edits, cut: int | None, more: bytes) -> bytes:
    result = bytearray(data)
    for at, patch in edits:
        at %= len(data)
        result[at : at + len(patch)] = patch
    if cut is not None:
        del result[cut % len(data) :]
    return bytes(result) + more


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def in_three_parts(error: Error) -> None:
    assert len(str(error).splitlines()) >= 3
    assert "\n  hint: " in str(error)


@fuzzed
@given(data=changed("config"))
def test_configuration(folder: Path, data: bytes) -> None:
    file = folder / "mesibo.conf"
    file.write_bytes(data)
    try:
        configuration = read_config(file)
    except Error as error:
        in_three_parts(error)
        return
    assert render(configuration)[:0] == ""


def structs_of(path: Path) -> object:
    return read_structs(path, ["mesibo_module_s"])


@fuzzed
@given(data=changed("elf"))
def test_libraries(folder: Path, data: bytes) -> None:
    file = folder / "mesibo_mod_m.so"
    file.write_bytes(data)
    for read in (inspect, read_needs, read_imports, structs_of):
        try:
            read(file)
        except Error as error:
            in_three_parts(error)


def answer_of(pieces: list[bytes]) -> tuple[bytes, str]:
    """The body, or why there is none."""
    records, answer = Records(), Answer(1 << 20)
    try:
        for piece in pieces:
            for record in records.feed(piece):
                answer.add(record)
        return answer.body(), ""
    except Failure as failure:
        return b"", str(failure)


@fuzzed
@given(data=changed("fastcgi"), cut=st.integers(0, 200))
def test_fastcgi(data: bytes, cut: int) -> None:
    """In one piece, in two and byte for byte it is the same answer."""
    whole = answer_of([data])
    assert answer_of([data[:cut], data[cut:]]) == whole
    assert answer_of([data[at : at + 1] for at in range(len(data))]) == whole
