"""What is fuzzed."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..types import Revision
from .case import Case


class Sanitizer(enum.StrEnum):
    """What watches the module while it runs."""

    ADDRESS = "address"
    """AddressSanitizer and UndefinedBehaviorSanitizer, and leaks: of modules that are compiled."""
    THREAD = "thread"
    """ThreadSanitizer: of modules that are compiled."""
    NONE = "none"
    """Guard pages: of libraries as they are."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A library as it is, or the sources of one: one of the two is there.

    `config` are items for its init: every case that is made up has them, unless it has others of
    that name. `arguments` are for the compiler. `thread_safe`: several threads may be in it at
    once.
    """

    library: Path | None = None
    sources: tuple[Path, ...] = ()
    revision: Revision | None = None
    entry_point: str | None = None
    config: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    sanitizer: Sanitizer = Sanitizer.ADDRESS
    thread_safe: bool = False

    @property
    def path(self) -> Path:
        """What it is called by: its library, or the first source."""
        return self.library or self.sources[0]

    def given(self, case: Case) -> Case:
        """One that was made up, with all that its init is given."""
        return replace(case, config=self.config | case.config)
