"""What an engine is: it makes cases up, and runs them. `coverage` has one for sources, `blackbox`
one for libraries as they are; all else here serves both."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from .budget import Budget, Progress
from .case import Case
from .finding import Crash, Findings


class Engine(Protocol):
    """A context manager, made of a subject (`open_engine(subject)` in its file): what it has
    started and built is gone afterwards."""

    def fuzz(
        self,
        budget: Budget,
        corpus: Path,
        known: Collection[str],
        progress: Callable[[Progress], None],
    ) -> Findings:
        """Looks until the budget is used up, and gives each crash that a process confirmed which
        had seen no other case; its signature may be known, and its case need not be small.

        `corpus` is a folder, for what is worth to be kept from one run to the next. `known` has
        the signatures that were found so far, and grows meanwhile: what is in there need not be
        given again. `progress` is called a few times a second, with `findings` left at 0.
        """

    def replay(self, case: Case) -> Crash | None:
        """Runs one case in a process that has seen no other; None: it ended as it should."""

    def confirm(self, case: Case) -> Crash | None:
        """The same, for what is to be believed: where two runs of one case may differ, as a race
        is not met by each, it is run until it crashes, some twenty times."""

    @property
    def sees_leaks(self) -> bool:
        """Whether `replay` tells of leaks."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
