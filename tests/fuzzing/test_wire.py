from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case, Reload
from mesibo_abi.fuzzing.wire import decode, encode
from tests.fuzzing.cases import CASES

CORE = Path(__file__).parents[2] / "csrc"


@given(CASES)
def test_a_case_comes_back_as_it_was(case: Case) -> None:
    assert decode(encode(case)) == case


@given(st.binary(max_size=400))
def test_every_input_stands_for_a_case(data: bytes) -> None:
    case = decode(data)
    assert decode(encode(case)) == case


MOST = Case((Event(EventKind.CALL),) * 96, {f"item{number}": "" for number in range(256)})


@pytest.mark.parametrize(
    "more", [Case((Reload(),)), Case(config={"more": ""})], ids=["steps", "items"]
)
def test_a_case_ends_where_there_are_too_many(more: Case) -> None:
    behind = encode(more) + encode(Case((Event(EventKind.CALL_STATUS),)))
    assert decode(encode(MOST) + behind) == MOST


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bytes], bytes]]:
    """An input as C reads it, and writes it."""
    program = tmp_path_factory.mktemp("canonical") / "canonical"
    sources = [Path(__file__).with_name("canonical.c"), CORE / "fuzz" / "case.c"]
    subprocess.run(["cc", "-std=c17", "-I", CORE, *sources, "-o", program], check=True)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        to, back = process.stdin, process.stdout

        def ask(data: bytes) -> bytes:
            to.write(struct.pack("<I", len(data)) + data)
            to.flush()
            (size,) = struct.unpack("<I", back.read(4))
            return back.read(size)

        yield ask
        to.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400) | CASES.map(encode))
@example(data=encode(MOST) + encode(Case((Reload(),))))
@example(data=encode(Case(config={"more": ""})) + encode(MOST))
def test_c_reads_what_is_read_here(again: Callable[[bytes], bytes], data: bytes) -> None:
    assert decode(again(data)) == decode(data)
