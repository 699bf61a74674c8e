"""An exception class for each way in which a module broke. Hypothesis takes two failures for one
where they are of one class and come from one line, and all of ours come from the line here."""

from __future__ import annotations

from typing import Any, NoReturn

from ..errors import BadResult, ModuleCrashed, ModuleError, StructChanged

_made: dict[tuple[type[ModuleError], str], type[ModuleError]] = {}


def raise_apart(error: ModuleError) -> NoReturn:
    """Raises it as one that is told apart from others, and is the same in whichever step it was
    seen: outside of `except`, as what was handled there would tell two apart."""
    raise told_apart(error)


def told_apart(error: ModuleError) -> ModuleError:
    """The same, of a class of its own: a subclass, the same one for the same signature."""
    kind = type(error)
    signature = signature_of(error)
    made = _made.get((kind, signature))
    if made is None:
        members = {"__module__": kind.__module__, "__doc__": kind.__doc__, "__reduce__": _reduce}
        made = _made[kind, signature] = type(f"{kind.__name__}: {signature}", (kind,), members)
    again = made.__new__(made, *error.args)
    again.__dict__.update(error.__dict__)
    again.__cause__ = error.__cause__
    return again


def signature_of(error: ModuleError) -> str:
    """What is the same for the same bug, as far as can be told."""
    if isinstance(error, ModuleCrashed):
        return error.signature
    if isinstance(error, BadResult):
        return f"{error.callback} returned {error.code}"
    if isinstance(error, StructChanged):
        return f"{error.callback} {error.detail.split(',')[0]}"
    return error.callback


def _reduce(error: Any) -> Any:
    """For another process, which does not have the class."""
    kind = type(error).__mro__[1]
    again = kind.__new__(kind, *error.args)
    again.__dict__.update(error.__dict__)
    return again.__reduce__()
