"""Tests that Hypothesis gives many inputs to.

Its fixtures are set up once for all of them, and Hypothesis refuses those of a test (a health
check, `function_scoped_fixture`), as whatever an input leaves behind in them is there for the next.
Of ours that is known and meant: a module lives on from one input to the next, as it does from one
message to the next, and begins anew where one ends it. So the author need not say so. And how long
a callback may take is said where the module is loaded: it is no matter of Hypothesis' deadline.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

_PREFIX = "mesibo_"
_SETTINGS = "_hypothesis_internal_use_settings"  # its own plugin reads them there, and writes them


def allow_fixtures(item: pytest.Item) -> None:
    """Of a test that Hypothesis runs, and whose fixtures are ours or made of ours: without the
    health check and, unless it has one of its own, without the deadline."""
    test: Any = getattr(item, "obj", None)
    if "hypothesis" not in sys.modules or not getattr(test, "is_hypothesis_test", False):
        return
    known: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    arguments = getattr(getattr(item, "_fixtureinfo", None), "argnames", ())
    asked = [name for name in arguments if _is_of_test(name, known)]
    given = getattr(test, _SETTINGS, None)
    if asked and given is not None and all(_is_ours(name, known) for name in asked):
        setattr(getattr(test, "__func__", test), _SETTINGS, _more_lenient(given))


def _is_of_test(name: str, known: dict[str, Any]) -> bool:
    """Whether it is set up for one test."""
    return name in known and known[name][-1].scope == "function"


def _is_ours(name: str, known: dict[str, Any]) -> bool:
    """Or made of one of ours that is."""
    if name.startswith(_PREFIX):
        return True
    needs = known[name][-1].argnames if _is_of_test(name, known) else ()
    return any(_is_of_test(need, known) and _is_ours(need, known) for need in needs if need != name)


def _more_lenient(given: Any) -> Any:
    from hypothesis import HealthCheck, settings

    usual = settings.default
    is_default = usual is not None and given.deadline == usual.deadline
    return settings(
        given,
        suppress_health_check={HealthCheck.function_scoped_fixture, *given.suppress_health_check},
        deadline=None if is_default else given.deadline,
    )
