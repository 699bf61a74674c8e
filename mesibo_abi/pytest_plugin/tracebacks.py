"""Tracebacks for the author of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..errors import Error

P = ParamSpec("P")
R = TypeVar("R")


def shortly(function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
    """Calls it. An Error says by itself what is wrong, and so does a warning that is to be one: how
    this package came to it is left out, so that the last line shown is one of the test."""
    __tracebackhide__ = True
    try:
        return function(*args, **options)
    except (Error, Warning) as error:
        cause = error.__cause__
        while cause is not None:
            cause = cause.with_traceback(None).__cause__
        raise error.with_traceback(None)  # noqa: B904, it is the same one
