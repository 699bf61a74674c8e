"""Which revision's header has a name that another one lacks."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from .paths import get_include
from .types import Revision

_QUOTED = re.compile("['\u2018](\\w+)['\u2019]")
_MOST = 3  # names that are told


def hint_at_revision(words: str, revision: str) -> str:
    """What to do where a compiler complains of names, in quotes, that the header of this revision
    lacks and others have; empty where there are none."""
    own = _names(revision)
    others = [other for other in Revision if other != revision]
    missing = {
        name
        for name in _QUOTED.findall(words)
        if name not in own and any(name in _names(other) for other in others)
    }
    if not missing:
        return ""
    best = max(len(missing & _names(other)) for other in others)
    chosen = [str(other) for other in others if len(missing & _names(other)) == best]
    named = sorted(missing, key=lambda name: ("mesibo" not in name.lower(), name))
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    return (
        f"built for {revision}, whose header has no {', '.join(named[:_MOST])}{more}; that of "
        f"{' or '.join(chosen)} has: choose it with revision=, --revision on the command line"
    )


@functools.cache
def _names(revision: str) -> frozenset[str]:
    text = Path(get_include(revision), "module.h").read_text()
    return frozenset(re.findall(r"\w+", text))
