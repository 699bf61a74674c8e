"""All checks, in the order in which they run."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from ..errors import InputError
from . import calls, fields, lifecycle, messages, requests, resources, static
from .subject import Check

CHECKS: tuple[Check, ...] = (
    *static.CHECKS,
    *lifecycle.CHECKS,
    *messages.CHECKS,
    *requests.CHECKS,
    *fields.CHECKS,
    *calls.CHECKS,
    *resources.CHECKS,
)
BY_NAME = {check.name: check for check in CHECKS}


def chosen(only: Sequence[str], skip: Sequence[str]) -> tuple[Check, ...]:
    """Those whose names match one of `only` (none: all) and none of `skip`. A pattern is a name,
    the part before its dot, or has `*` in it. Raises InputError where one matches nothing."""
    for pattern in (*only, *skip):
        if not any(_matches(check.name, pattern) for check in CHECKS):
            raise InputError(
                f"check: no check is called {pattern!r}",
                detail=f"expected a name such as {CHECKS[0].name}, {CHECKS[0].name.split('.')[0]} "
                "for all that begin so, or a pattern with *",
                hint="see them all with: mesibo-abi check --list",
            )
    found = tuple(
        check
        for check in CHECKS
        if (not only or any(_matches(check.name, pattern) for pattern in only))
        and not any(_matches(check.name, pattern) for pattern in skip)
    )
    if not found:
        raise InputError(
            "check: no check is left",
            detail="expected one at least, found that all that were asked for are skipped as well: "
            + ", ".join(skip),
            hint="skip fewer, or see them all with: mesibo-abi check --list",
        )
    return found


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or name.startswith(f"{pattern}.")
