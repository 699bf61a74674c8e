"""Modules in Python, checked before a host takes them."""

from __future__ import annotations

from pathlib import Path

from .checks import as_word
from .errors import Error, LoadError
from .faults import would_end_more
from .module import Module


def instance_of(label: str, path: Path | None, target: object) -> Module:
    """The instance of Module that the target is, or one of the class that it is. Raises LoadError
    for what is neither, is in a host already, or cannot be made."""
    module = _made(label, path, target) if isinstance(target, type) else target
    if not isinstance(module, Module):
        raise refusal(
            label,
            path,
            f"expected a path or a mesibo_abi.Module, got {type(module).__name__}",
            "decode the path with os.fsdecode"
            if isinstance(module, bytes)
            else "subclass mesibo_abi.Module",
        )
    if module._loaded is not None and not module._loaded.closed:
        raise refusal(
            label,
            path,
            f"expected an instance in no host, it is loaded as {module._loaded.name!r}",
            "pass the class, or another instance",
        )
    try:
        as_word("its `flags`", module.flags)
    except (TypeError, OverflowError) as error:
        raise refusal(
            label,
            path,
            f"expected `flags` of 0 to 2**64 - 1, got {module.flags!r}",
            "it is the word `flags` of the struct: set a number, or leave it out",
        ) from error
    return module


def refusal(label: str, path: Path | None, detail: str, hint: str) -> LoadError:
    """Why a module in Python is not loaded."""
    where = "" if path is None else f" from {path}"
    return LoadError(f"cannot load module {label!r}{where}", path=path, detail=detail, hint=hint)


def _made(label: str, path: Path | None, target: type) -> object:
    try:
        return target()
    except BaseException as error:
        if not isinstance(error, Exception) and not would_end_more(error):
            raise
        words = error.what if isinstance(error, Error) else error
        raise refusal(
            label,
            path,
            f"expected {target.__name__}() to make an instance, it raised "
            f"{type(error).__name__}: {words}",
            "do in `init` what may fail; where `__init__` wants arguments, pass an instance",
        ) from error
