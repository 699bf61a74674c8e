"""The engine for libraries as they are: whole lives that Hypothesis makes up, and between them
messages made of others, by the thousand, each in front of a page that may not be touched.

Nothing tells it what of the code was reached. What it keeps are messages that a module answered as
it had not answered any before: with another result, or with lines that it had not logged yet.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Self

from ..bridge.batch import BatchResult
from ..bridge.values import Message
from ..errors import BadResult, ModuleCrashed, ModuleError, StructChanged
from ..events import Event, EventKind
from ..types import Revision
from .budget import Budget, Progress
from .case import Case, Reply, Step
from .finding import Crash, Finding
from .kinds import signature_of
from .life import Life, live, wrong_in
from .lives import made_up
from .mutating import Mutator
from .subject import Subject
from .wire import decode, encode

from ..strategies import Vocabulary  # isort: skip

_LIVES = 25  # of Hypothesis at a time
_SLICE = 0.5  # seconds of messages that follow each other in one life
_ROWS = 1024  # of a batch
_SAY = 0.25  # seconds between words on how far it is
_DIGITS = re.compile(r"-?(0x[0-9a-f]+|\d+)")


def open_engine(subject: Subject) -> BlackBox:
    """Raises LoadError where it cannot be loaded, and Error where Hypothesis is not installed."""
    return BlackBox(subject)


class BlackBox:
    """An Engine. It does one job, however many the budget has."""

    def __init__(self, subject: Subject) -> None:
        assert subject.library is not None
        self._subject = subject
        self.vocabulary = Vocabulary.of(subject.library, subject.config)
        self.revision = Revision.DOC2019
        self.callbacks: frozenset[str] = frozenset()
        self._first: Finding | None = None
        try:
            with Life(subject) as life:
                self.revision = Revision(life.module.revision)
                self.callbacks = life.module.callbacks
        except ModuleError as error:  # with nothing between its init and its cleanup
            self._first = Finding(crash_of(error), Case())

    def fuzz(
        self,
        budget: Budget,
        corpus: Path,
        known: Collection[str],
        progress: Callable[[Progress], None],
    ) -> Iterator[Finding]:
        """As Engine says."""
        if self._first is not None:
            yield self._first
        run = _Run(self, self._subject, budget, corpus, progress)
        while run.goes_on():
            yield from run.lives(known)
            if run.goes_on() and "on_message" in self.callbacks:
                yield from run.messages(known)

    def replay(self, case: Case) -> Crash | None:
        """As Engine says."""
        try:
            live(self._subject, case)
        except ModuleError as error:
            return crash_of(error)
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it outlives a life."""


def crash_of(error: ModuleError) -> Crash:
    """What a fuzzer says of it."""
    signature = signature_of(error)
    if not isinstance(error, ModuleCrashed):
        kind = BadResult if isinstance(error, BadResult) else StructChanged
        return Crash(kind.__name__, signature, str(error))
    kind_of, _, where = signature.partition(" ")
    return Crash(kind_of, where or error.callback, str(error))


class _Run:
    """One call of `fuzz`."""

    def __init__(
        self,
        engine: BlackBox,
        subject: Subject,
        budget: Budget,
        corpus: Path,
        progress: Callable[[Progress], None],
    ) -> None:
        self._engine = engine
        self._subject = subject
        self._budget = budget
        self._progress = progress
        self._begun = self._said = time.monotonic()
        self._cases = 0
        self._rounds = 0
        self._seen: set[tuple[object, ...]] = set()
        self._mutator = Mutator(engine.vocabulary.words, engine.vocabulary.names, budget.seed)
        self._corpus = _Corpus(corpus)
        for message in self._corpus.messages():
            self._mutator.keep(message.payload)

    def goes_on(self) -> bool:
        """Whether the budget has more."""
        budget, seconds = self._budget, time.monotonic() - self._begun
        in_time = budget.duration is None or seconds < budget.duration
        return in_time and (budget.runs is None or self._cases < budget.runs)

    def _count(self, cases: int) -> None:
        self._cases += cases
        now = time.monotonic()
        if now - self._said >= _SAY:
            self._said = now
            self._progress(
                Progress(self._cases, now - self._begun, corpus=len(self._corpus), findings=0)
            )

    def _left(self, most: int) -> int:
        return most if self._budget.runs is None else min(most, self._budget.runs - self._cases)

    # -- whole lives

    def lives(self, known: Collection[str]) -> Iterator[Finding]:
        """Some that Hypothesis makes up."""
        self._rounds += 1
        number = self._budget.seed * 1_000_003 + self._rounds
        engine = self._engine
        cases = made_up(
            _LIVES,
            number,
            engine.vocabulary,
            engine.revision,
            engine.callbacks,
            tuple(self._subject.config),
        )
        for case in cases[: self._left(_LIVES)]:
            if not self.goes_on():
                return
            crash = engine.replay(case)
            self._count(1)
            if crash is not None and crash.signature not in known:
                yield Finding(crash, case)

    # -- messages

    def messages(self, known: Collection[str]) -> Iterator[Finding]:
        """Many, that follow each other in as few lives as they allow; each counts as a case."""
        end = time.monotonic() + _SLICE
        while time.monotonic() < end and self.goes_on():
            passed: list[Message] = []
            try:
                with Life(self._subject) as life:
                    while time.monotonic() < end and self.goes_on():
                        self._batch(life, passed)
            except ModuleError as error:
                yield from self._confirmed(passed, error, known)

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

    def _confirmed(
        self, passed: list[Message], error: ModuleError, known: Collection[str]
    ) -> Iterator[Finding]:
        """In a process of its own: after as few of the messages before it as will do."""
        signature = crash_of(error).signature
        if signature in known:
            return
        size = 1
        while True:
            steps: tuple[Step, ...] = tuple(
                Event(EventKind.MESSAGE, message) for message in passed[-size:]
            )
            crash = self._engine.replay(Case(steps))
            if crash is not None and crash.signature == signature:
                yield Finding(crash, Case(steps))
                return
            if size >= len(passed):
                return
            size *= 8

    def _learn(self, rows: list[Message], result: BatchResult) -> None:
        """What is answered in a new way is kept."""
        answers: dict[int, list[object]] = {}
        for row, record in result.logs:
            answers.setdefault(row, []).append(_DIGITS.sub("#", record.text[:64]))
        for row, code in enumerate(result.results):
            key = (code, *answers.get(row, ()))[:4]
            if key not in self._seen:
                self._seen.add(key)
                self._mutator.keep(rows[row].payload)
                self._corpus.add(rows[row])


class _Corpus:
    """A folder with a case a file, as `wire` has them: named by what they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._names = {path.name for path in folder.iterdir() if path.is_file()}

    def __len__(self) -> int:
        return len(self._names)

    def messages(self) -> Iterator[Message]:
        """Of all cases."""
        for name in sorted(self._names):
            for step in decode((self._folder / name).read_bytes()).steps:
                if isinstance(step, Event) and step.message is not None:
                    yield step.message

    def add(self, message: Message) -> None:
        """A case of that message alone."""
        data = encode(Case((Event(EventKind.MESSAGE, message),)))
        name = hashlib.sha1(data).hexdigest()
        if name not in self._names:
            self._names.add(name)
            (self._folder / name).write_bytes(data)
