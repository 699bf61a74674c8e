"""Python packages: for tests of modules, and the extras of this package."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator

from . import installing
from .tools import Area, State, Tool

_PACKAGE = "mesibo_abi"
_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w.-]+)['"]""")
_OWN = frozenset({"test", "lint"})  # for work on this package itself
_PURPOSES = {
    "bench": "mesibo-abi bench: peers to compare with, and the picture",
    "fuzz": "mesibo_abi.strategies, and fuzzing of libraries as they are",
    "parquet": "mesibo-abi run with Parquet",
}
_TESTING = (
    ("pytest", "tests of modules, with the fixtures of this package"),
    ("hypothesis", "tests that look for the smallest message that breaks a module"),
)


def examined() -> Iterator[Tool]:
    """One after the other."""
    for name, purpose in _TESTING:
        yield _package(name, purpose)
    for name, needed in _extras().items():
        yield _extra(name, needed)


def _package(name: str, purpose: str) -> Tool:
    version = _version(name)
    if version is None:
        return Tool(
            Area.TESTING,
            name,
            purpose,
            State.MISSING,
            detail="it is not installed",
            install=f"pip install {name}",
        )
    return Tool(Area.TESTING, name, purpose, State.FOUND, version)


def _extra(name: str, needed: list[str]) -> Tool:
    versions = {package: _version(package) for package in needed}
    missing = [package for package, version in versions.items() if version is None]
    purpose = _PURPOSES.get(name, f"the extra {name}")
    if missing:
        detail = f"{', '.join(missing)}: not installed"
        install = installing.extra(name)
        return Tool(Area.EXTRAS, name, purpose, State.MISSING, detail=detail, install=install)
    found = ", ".join(f"{package} {version}" for package, version in versions.items())
    return Tool(Area.EXTRAS, name, purpose, State.FOUND, found)


def _extras() -> dict[str, list[str]]:
    """The packages of each extra, as they were declared when this one was installed."""
    try:
        declared = importlib.metadata.requires(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    extras: dict[str, list[str]] = {}
    for line in declared:
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name is not None and extra is not None and extra[1] not in _OWN:
            extras.setdefault(extra[1], []).append(name[0])
    return extras


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
