"""The engine for libraries as they are: whole lives and messages, each in a process that may end,
in front of pages that may not be touched."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Self

from .. import libraries
from ..errors import LoadError, ModuleError
from ..types import Revision
from ..vocabulary import Vocabulary
from .budget import Budget, Progress
from .case import Case
from .corpus import Corpus
from .crashes import crash_of
from .finding import Crash, Finding, Findings
from .foreign import warn_of_foreign_functions
from .jobs import Jobs
from .life import Life, live, refuses
from .searching import Search, Target
from .subject import Subject


def open_engine(subject: Subject) -> BlackBox:
    """Raises LoadError where it cannot be loaded, and Error where Hypothesis is not installed."""
    return BlackBox(subject)


class BlackBox:
    """An Engine. Of several jobs each is a search of its own, in a process of Python."""

    def __init__(self, subject: Subject) -> None:
        assert subject.library is not None
        self._subject = subject
        warn_of_foreign_functions(subject, libraries.read(subject.library).found)
        self._first: Finding | None = None
        self._refused: LoadError | None = None
        revision, callbacks = Revision.DOC2019, frozenset[str]()
        try:
            with Life(subject) as life:
                revision = Revision(life.module.revision)
                callbacks = life.module.callbacks
        except ModuleError as error:  # with nothing between its init and its cleanup
            self._first = Finding(crash_of(error), subject.given(Case()))
        except LoadError as error:
            if not refuses(error):
                raise
            self._refused = _needing_items(error)  # those that a finding has may be other ones
        vocabulary = Vocabulary.of(subject.library, subject.config)
        self._target = Target(subject, vocabulary, revision, callbacks)

    def fuzz(
        self,
        budget: Budget,
        corpus: Path,
        known: Collection[str],
        progress: Callable[[Progress], None],
    ) -> Findings:
        """As Engine says. Raises LoadError where the init refuses the items of the subject."""
        if self._refused is not None:
            raise self._refused
        if self._first is not None:
            yield self._first
        if budget.jobs == 1:
            yield from Search(self._target, budget, Corpus(corpus), known, progress).findings()
            return
        with Jobs(self._target, budget, corpus) as jobs:
            yield from jobs.findings(known, progress)

    def replay(self, case: Case) -> Crash | None:
        """As Engine says."""
        try:
            live(self._subject, case)
        except ModuleError as error:
            return crash_of(error)
        return None

    def confirm(self, case: Case) -> Crash | None:
        """As Engine says."""
        return self.replay(case)

    @property
    def sees_leaks(self) -> bool:
        """As Engine says."""
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it outlives a life."""


def _needing_items(error: LoadError) -> LoadError:
    """What a library refuses by itself it may take with items."""
    return LoadError(
        error.what,
        path=error.path,
        detail=error.detail,
        hint=f"give its items with --config, where it needs some; {error.hint}",
        logs=error.logs,
        code=error.code,
    )
