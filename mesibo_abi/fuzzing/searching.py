"""One search of a library: lives that Hypothesis makes up, lives made of those that were kept, and
between them messages made of others, by the thousand, that follow each other in as few lives as
they allow.

Nothing tells it what of the code was reached. What it keeps are messages that a module answered as
it had not answered any before (with another result, or with lines that it had not logged yet), and
lives in which it answered one thing behind another as it never had.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from ..bridge.batch import BatchResult
from ..bridge.values import Message, Verdict
from ..errors import ModuleError
from ..events import Event, EventKind
from ..types import Revision
from ..vocabulary import Vocabulary
from .budget import Budget, Progress
from .case import Case, Reply, Step
from .corpus import Corpus
from .crashes import crash_of
from .finding import Crash, Finding
from .life import Life, live, wrong_in
from .lives import made_up
from .mutating import Mutator
from .subject import Subject

_LIVES = 25  # of a kind at a time
_SLICE = 0.5  # seconds of messages that follow each other in one life
_ROWS = 1024  # of a batch
_MOST_SEEN = 1 << 16  # answers: a module may log anything
_SAY = 0.25  # seconds between words on how far it is
_DIGITS = re.compile(r"-?(0x[0-9a-f]+|\d+)")

Answer = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A library, and what is known of it."""

    subject: Subject
    vocabulary: Vocabulary
    revision: Revision
    callbacks: frozenset[str]

    @property
    def names_of_items(self) -> tuple[str, ...]:
        """Words that may be the name of an item: modules of doc2019 are given none."""
        return () if self.revision is Revision.DOC2019 else self.vocabulary.names


class Search:
    """Belongs to one thread. `known` are the signatures that need not be given again."""

    def __init__(
        self,
        target: Target,
        budget: Budget,
        corpus: Corpus,
        known: Collection[str],
        progress: Callable[[Progress], None],
    ) -> None:
        self._target = target
        self._budget = budget
        self._corpus = corpus
        self._known = known
        self._progress = progress
        self._begun = self._said = time.monotonic()
        self._cases = 0
        self._rounds = 0
        self._seen: set[Answer] = set()
        self._mutator = Mutator(target.vocabulary.words, target.vocabulary.names, budget.seed)

    def findings(self) -> Iterator[Finding]:
        """Until the budget is used up."""
        while self.goes_on():
            yield from self._lives(self._from_corpus())
            yield from self._lives(self._made_up())
            yield from self._lives(self._mutator.lives(_LIVES))
            if self.goes_on() and "on_message" in self._target.callbacks:
                yield from self._messages()
        self._say()

    def goes_on(self) -> bool:
        """Whether the budget has more."""
        budget, seconds = self._budget, time.monotonic() - self._begun
        in_time = budget.duration is None or seconds < budget.duration
        return in_time and (budget.runs is None or self._cases < budget.runs)

    def _count(self, cases: int) -> None:
        self._cases += cases
        if time.monotonic() - self._said >= _SAY:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        seconds = self._said - self._begun
        self._progress(Progress(self._cases, seconds, corpus=len(self._corpus)))

    def _left(self, most: int) -> int:
        return most if self._budget.runs is None else min(most, self._budget.runs - self._cases)

    # -- whole lives

    def _from_corpus(self) -> list[Case]:
        """Those that it had not seen yet: others are made of them."""
        cases = self._corpus.new()
        for case in cases:
            self._mutator.keep(case)
        return cases

    def _made_up(self) -> list[Case]:
        """By Hypothesis."""
        self._rounds += 1
        target = self._target
        return made_up(
            _LIVES,
            self._budget.seed * 1_000_003 + self._rounds,
            target.vocabulary,
            target.revision,
            target.callbacks,
            tuple(target.subject.config),
            target.names_of_items,
        )

    def _lives(self, cases: list[Case]) -> Iterator[Finding]:
        for case in cases:
            if not self.goes_on():
                return
            crash = self._live(case)
            if crash is not None and crash.signature not in self._known:
                yield Finding(crash, self._target.subject.given(case))
            self._count(1)

    def _live(self, case: Case) -> Crash | None:
        answers: list[Answer] = []
        subject = self._target.subject
        try:
            live(subject, subject.given(case), seen=lambda *step: answers.append(_answer(*step)))
        except ModuleError as error:
            return crash_of(error)
        self._learn_life(case, answers)
        return None

    def _learn_life(self, case: Case, answers: list[Answer]) -> None:
        pairs = set(zip([("init",), *answers], answers, strict=False)) - self._seen
        if pairs and len(self._seen) < _MOST_SEEN:
            self._seen |= pairs
            self._mutator.keep(case)
            self._corpus.add(case)

    # -- messages

    def _messages(self) -> Iterator[Finding]:
        """Each counts as a case."""
        end = time.monotonic() + _SLICE
        while time.monotonic() < end and self.goes_on():
            passed: list[Message] = []
            try:
                with Life(self._target.subject) as life:
                    while time.monotonic() < end and self.goes_on():
                        self._batch(life, passed)
            except ModuleError as error:
                yield from self._confirmed(passed, error)

    def _batch(self, life: Life, passed: list[Message]) -> None:
        """Raises what is wrong; `passed` are the messages until then."""
        rows = self._mutator.messages(self._left(_ROWS))
        result = life.host.process_batch(rows)
        wrong = wrong_in(result)
        passed += rows if wrong is None else rows[: wrong[0] + 1]
        self._count(len(rows) if wrong is None else wrong[0] + 1)
        if wrong is not None:
            raise wrong[1]
        self._learn(rows, result)
        for request in life.requests:
            request.answer(Reply(rows[0].payload))
        life.settle()

    def _confirmed(self, passed: list[Message], error: ModuleError) -> Iterator[Finding]:
        """In a process of its own: after as few of the messages before it as will do."""
        signature = crash_of(error).signature
        if signature in self._known:
            return
        size = 1
        while True:
            steps = tuple(Event(EventKind.MESSAGE, message) for message in passed[-size:])
            case = self._target.subject.given(Case(steps))
            try:
                live(self._target.subject, case)
            except ModuleError as again:
                if crash_of(again).signature == signature:
                    yield Finding(crash_of(again), case)
                    return
            if size >= len(passed):
                return
            size *= 8

    def _learn(self, rows: list[Message], result: BatchResult) -> None:
        """What is answered in a new way is kept."""
        logs: dict[int, list[object]] = {}
        for row, record in result.logs:
            logs.setdefault(row, []).append(_plain(record.text))
        for row, code in enumerate(result.results):
            answer = (code, *logs.get(row, ()))[:4]
            if answer not in self._seen and len(self._seen) < _MOST_SEEN:
                self._seen.add(answer)
                case = Case((Event(EventKind.MESSAGE, rows[row]),))
                self._mutator.keep(case)
                self._corpus.add(case)


def _answer(step: Step, verdict: Verdict | None) -> Answer:
    """What a module did to a step, as far as it tells."""
    what = step.kind if isinstance(step, Event) else type(step).__name__
    if verdict is None:
        return (what,)
    return (what, verdict.result, *(_plain(record.text) for record in verdict.logs[:3]))


def _plain(text: str) -> str:
    return _DIGITS.sub("#", text[:64])
