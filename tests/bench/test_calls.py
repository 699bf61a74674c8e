"""The loop that all peers share."""

from __future__ import annotations

from types import FunctionType

from mesibo_abi.bench.calls import NOTHING, Call


def test_a_loop_runs_the_line_as_often_as_it_is_told() -> None:
    seen: list[str] = []
    call = Call("note(what)", {"note": seen.append, "what": "x"})
    call.loop()(3)
    assert seen == ["x"] * 3
    call.loop(times=2)(3)
    assert seen == ["x"] * 9
    call.loop()(0)
    assert seen == ["x"] * 9


def test_a_line_has_a_result() -> None:
    assert Call("f(x, y=2)", {"f": lambda x, y: x + y, "x": 1}).result() == 3


def test_each_loop_has_its_own_code_and_local_names() -> None:
    call = Call("len(x)", {"len": len, "x": b""})
    one, other = call.loop(), call.loop()
    assert isinstance(one, FunctionType)
    assert isinstance(other, FunctionType)
    assert one.__code__ is not other.__code__
    assert {"len", "x", "repeat"} < set(one.__code__.co_varnames)
    assert one.__code__.co_names == ()


def test_the_empty_loop_does_nothing() -> None:
    assert NOTHING.loop()(1000) is None


def test_a_loop_of_its_own() -> None:
    counts: list[int] = []
    Call("0", own_loop=counts.append).loop()(5)
    assert counts == [5]
