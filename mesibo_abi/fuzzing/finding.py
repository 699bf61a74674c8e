"""What a fuzzer finds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from .case import Case

LEAK = "leak"
"""The kind of a crash that is none: what was allocated is lost."""


@dataclass(frozen=True, slots=True)
class Crash:
    """How a case ended that should not have ended so.

    `kind` is what happened, in the words of whoever saw it: `heap-buffer-overflow`, `SIGSEGV`,
    `leak`. `where` is the innermost place in the module, a function and a line as far as they are
    known. Two cases that end with the same `signature`, which is made of these, are one finding.
    `report` is all that is known, for people.
    """

    kind: str
    where: str
    report: str = ""

    @property
    def signature(self) -> str:
        """What tells one finding from another."""
        return f"{self.kind} in {self.where}"

    def is_of(self, signature: str) -> bool:
        """Whether it is what that tells of, where that may tell of no line."""
        return self.signature == signature or self.signature.startswith(f"{signature} at ")


class Signatures(set[str]):
    """Those of findings. One that tells of no line is among them where another tells of one."""

    def __contains__(self, signature: object) -> bool:
        return super().__contains__(signature) or any(
            each.startswith(f"{signature} at ") for each in self
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A crash, and the smallest case that is known to end in it."""

    crash: Crash
    case: Case


Findings: TypeAlias = Generator[Finding, None, None]
"""As they come up. Closing it ends the search for more."""
