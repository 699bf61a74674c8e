"""What a check was doing, told by memory that the module can write to as well."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.checking.notes import Notes, Step
from mesibo_abi.evidence import Area


def test_the_last_step_is_read() -> None:
    notes = Notes()
    assert notes.read() == Step()
    notes.write(
        "with a message", "on_message", [Area("message", 4096, 11, 4096, 8192, True, False)]
    )
    notes.write("twice", "on_login")
    assert notes.read() == Step("twice", "on_login")


@given(st.binary(max_size=64))
def test_whatever_is_written_over_a_step_is_no_error(data: bytes) -> None:
    notes = Notes()
    notes.write("with a message", "on_message")
    notes._memory[: len(data)] = data
    notes._twice[: len(data)] = data
    assert isinstance(notes.read(), Step)
    assert notes.returned_twice() is None or isinstance(notes.returned_twice(), Step)
    notes.close()
