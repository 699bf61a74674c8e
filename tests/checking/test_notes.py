"""What a check was doing, told by memory that the module can write to as well."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.checking.notes import Notes, Step
from mesibo_abi.evidence import Area
from tests.running import Ended, run


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
    with mock.patch("mesibo_abi.checking.notes._has_children", return_value=False):  # of others
        assert isinstance(notes.returned_twice(), Step | None)
    notes.close()


def test_a_child_that_comes_back_late() -> None:
    """It is waited for as long as it runs."""
    program = """
        import os, time
        from mesibo_abi.checking.notes import Notes

        notes = Notes()
        notes.write("with a message", "on_message")
        if os.fork() == 0:
            end = time.monotonic() + 1
            while time.monotonic() < end:
                pass
            notes.end_other()
        print(notes.returned_twice().case)
    """
    assert run(program) == Ended(0, "with a message\n")
