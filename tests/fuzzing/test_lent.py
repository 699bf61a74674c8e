"""What a life lends to a module for a call: no byte further, and no longer."""

from __future__ import annotations

import pytest

from mesibo_abi import Message, ModuleCrashed, Result, User
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case
from mesibo_abi.fuzzing.life import Life, live
from tests.fuzzing.libraries import subject


def messages(*sizes: int) -> Case:
    return Case(
        tuple(
            Event(EventKind.MESSAGE, Message(b"m" * size, to="bob", from_="alice"))
            for size in sizes
        )
    )


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([2], "a read 1 byte behind the address `to`, which has 3 bytes"),
        ([3], "a read 1 byte behind the address `from`, which has 5 bytes"),
        ([4], "a read 0 bytes behind the params, which have 80 bytes"),
        ([1, 5], "a read from the message or answer of a call that is over: it kept a pointer"),
        ([1, 6], "a read from the address `to` of a call that is over: it kept a pointer"),
        ([1, 0, 7], "a read from the params of a call that is over: it kept a pointer"),
    ],
    ids=["to", "from", "params", "message kept", "to kept", "params kept"],
)
def test_a_byte_further_and_a_call_later_are_faults(sizes: list[int], found: str) -> None:
    with pytest.raises(ModuleCrashed) as caught:
        live(subject("lent"), messages(*sizes))
    assert f"expected it to return, found {found}\n" in str(caught.value)
    assert caught.value.signature.startswith("SIGSEGV on_message lent.c:")


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ([2], "a read 1 byte behind the address, which has 3 bytes"),
        ([3], "a read 0 bytes behind the user, which has 56 bytes"),
        ([1, 4], "a read from the address of a call that is over: it kept a pointer"),
        ([1, 5], "a read from the user of a call that is over: it kept a pointer"),
    ],
)
def test_so_they_are_of_a_login(flags: list[int], found: str) -> None:
    steps = [Event(EventKind.LOGIN, user=User("bob", flags=each)) for each in flags]
    with pytest.raises(ModuleCrashed) as caught:
        live(subject("greeted"), Case(tuple(steps)))
    assert f"expected it to return, found {found}\n" in str(caught.value)


@pytest.mark.parametrize(
    ("types", "found"),
    [
        ([2], "a read 1 byte behind the data, which has 5 bytes"),
        ([1, 3], "a read from the message or answer of a call that is over: it kept a pointer"),
    ],
)
def test_and_of_a_configuration(types: list[int], found: str) -> None:
    steps = [Event(EventKind.CONFIG, type=each, data=b"hello") for each in types]
    with pytest.raises(ModuleCrashed) as caught:
        live(subject("greeted"), Case(tuple(steps)))
    assert f"expected it to return, found {found}\n" in str(caught.value)


def test_what_is_lent_is_whole() -> None:
    live(subject("lent"), messages(*[1, 8, 4096, 70000, 1] * 8))


def test_among_many_messages_what_was_lent_is_written_over() -> None:
    with Life(subject("lent")) as life:
        life.do(Event(EventKind.MESSAGE, Message(b"a life of its own", to=None)))
        rows = [Message(b"m" * size, to=to) for size in (1, 5) for to in ("bob", None)]
        result = life.host.process_batch([rows[0], rows[2], rows[3]])
        assert list(result.results) == [Result.PASS, Result.CONSUMED, Result.CONSUMED]
