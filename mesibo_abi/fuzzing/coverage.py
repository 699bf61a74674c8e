"""The engine for modules that are compiled: libFuzzer, led by what of the module was reached."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Self

from ..errors import BuildError, LoadError
from ..vocabulary import Vocabulary
from .budget import Budget, Progress
from .case import Case
from .finding import LEAK, Crash, Finding, Findings
from .fuzzer import Fuzzer, Places
from .instrumented import Instrumented, instrument
from .replaying import Replayer
from .reports import Reader
from .subject import Subject
from .wire import MOST_ITEMS, decode
from .words import dictionary, written

_PAUSE = 0.05  # seconds
_SAY = 0.25  # seconds between words on how far it is
_LEAKS_AT_ONCE = 4  # cases that may leak, before others are looked at
_TIMES = 3  # that a case which failed at a place is looked at
_LAST = 5.0  # seconds for what came up last
_WHILE = 0.5  # seconds: thousands of cases
_ANYWHERE = "0"  # a place that is not known
_FEW = 4  # cases
_AT_ONCE = 8  # processes that end in one of their first few cases: there is no way further
_UNCONFIRMED = 3  # then cases do not share a process any more


def open_engine(subject: Subject) -> Coverage:
    """Compiles what it needs. Raises BuildError, InputError and LoadError."""
    return Coverage(subject)


class Coverage:
    """An Engine."""

    def __init__(self, subject: Subject) -> None:
        with ExitStack() as stack:
            self._folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="mesibo_fuzz-"))
            )
            self.module = instrument(subject, self._folder)
            self._reader = Reader(self.module.library, self.module.program)
            self._replayer = stack.enter_context(Replayer(self.module, self._reader))
            self._replayer.replay(Case())  # it can be opened
            self._open = stack.pop_all()

    def fuzz(
        self,
        budget: Budget,
        corpus: Path,
        known: Collection[str],
        progress: Callable[[Progress], None],
    ) -> Findings:
        """As Engine says."""
        with _Run(self.module, self._folder, corpus, budget) as run:
            while run.goes_on():
                yield from run.findings(self._reader, self._replayer, known)
                run.say(progress)
                time.sleep(_PAUSE)
            run.end()
            yield from run.findings(self._reader, self._replayer, known)
            yield from run.unfinished(self._replayer)
            run.say(progress, at_once=True)
            if not known:
                run.check_lives()

    def replay(self, case: Case) -> Crash | None:
        """As Engine says."""
        return self._replayer.replay(case)

    def confirm(self, case: Case) -> Crash | None:
        """As Engine says."""
        return self._replayer.confirm(case)

    @property
    def sees_leaks(self) -> bool:
        """As Engine says."""
        return self._replayer.sees_leaks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


class _Run:
    """The processes of one call of `fuzz`, renewed where a finding ends one."""

    def __init__(self, module: Instrumented, folder: Path, corpus: Path, budget: Budget) -> None:
        self._module = module
        self._budget = budget
        self._begun = time.monotonic()
        self._said = self._begun
        self._places = _places(module, folder, corpus)
        self._unconfirmed = 0
        self._at_once = 0  # processes in a row that ended in one of their first cases
        self._leaky: set[str] = set()  # places that were seen to leak
        self._failed: Counter[str] = Counter()  # cases at places that were seen to fail
        self._grace = 0.0  # seconds beyond the budget's
        self._lived = False
        self._refusal: int | None = None  # what an init returned last that refused
        self._started = 0
        self._done = 0  # cases, of processes that have ended
        self._coverage = self._corpus = 0
        self._fuzzers: list[Fuzzer] = []

    def __enter__(self) -> Self:
        for _ in range(self._budget.jobs):
            self._start(self._share(self._budget.jobs))
        return self

    def __exit__(self, *_: object) -> None:
        for fuzzer in self._fuzzers:
            fuzzer.close()

    def goes_on(self) -> bool:
        """Whether the budget has more."""
        return self._has_time() and bool(self._fuzzers)

    def end(self) -> None:
        """No more cases; what has come up may still be looked at for a while."""
        self._grace = _LAST

    def unfinished(self, replayer: Replayer) -> Findings:
        """The cases that were not over when the time was, and are not a while later: that may be
        because they never are."""
        begun = [(fuzzer, fuzzer.cases) for fuzzer in self._fuzzers]
        if begun:
            time.sleep(_WHILE)
        for fuzzer, cases in begun:
            data = fuzzer.unfinished()
            if data is not None and fuzzer.cases == cases:
                case = self._case(data)
                crash = replayer.confirm(case)
                if crash is not None:
                    yield Finding(crash, case)

    def _has_time(self) -> bool:
        duration = self._budget.duration
        return duration is None or time.monotonic() - self._begun < duration + self._grace

    def check_lives(self) -> None:
        """Raises LoadError where the module's init has refused whatever it was given."""
        for fuzzer in self._fuzzers:
            self._count(fuzzer)
        if self._refusal and not self._lived:
            raise LoadError(
                f"{self._module.subject.path}: no case came further than the module's init",
                path=self._module.library,
                detail=f"expected that it returns 0 in some, it returned {self._refusal}",
                hint="give it the items that it needs, by --config; see what it logs by "
                "`mesibo-abi check`",
            )

    def findings(self, reader: Reader, replayer: Replayer, known: Collection[str]) -> Findings:
        """What has come up since."""
        for fuzzer in list(self._fuzzers):
            if fuzzer.is_over:
                yield from self._end(fuzzer, reader, replayer, known)
        yield from self._errors(replayer)
        yield from self._leaks(replayer)

    def _errors(self, replayer: Replayer) -> Findings:
        """A few of each place: most modules that fail at one do so in thousands of cases."""
        for candidate in self._candidates("error-"):
            if not self._has_time():
                return
            place = candidate.name.split("-")[1]
            data = candidate.read_bytes()
            candidate.unlink()
            if place != _ANYWHERE and self._failed[place] == _TIMES:
                continue
            case = self._case(data)
            crash = replayer.confirm(case)
            if crash is not None:
                self._failed[place] += 1
                yield Finding(crash, case)
            else:
                self._unconfirmed += 1

    def _leaks(self, replayer: Replayer) -> Findings:
        """A few at a time: a module that leaks always must not hide what else it does."""
        asked = 0
        for candidate in self._candidates("leak-"):
            place = candidate.name.split("-")[1]
            if replayer.sees_leaks and place not in self._leaky:
                if asked == _LEAKS_AT_ONCE or not self._has_time():
                    return
                asked += 1
                case = self._case(candidate.read_bytes())
                crash = replayer.replay(case)
                if crash is not None:
                    yield Finding(crash, case)
                if crash is not None and crash.kind == LEAK and place != _ANYWHERE:
                    self._leaky.add(place)
            candidate.unlink()

    def _candidates(self, why: str) -> list[Path]:
        """Those that are written to the end, the oldest first."""
        found = [each for each in self._places.candidates.glob(f"{why}*") if not each.suffix]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _end(
        self, fuzzer: Fuzzer, reader: Reader, replayer: Replayer, known: Collection[str]
    ) -> Findings:
        self._count(fuzzer)
        cases, data, said = fuzzer.cases, fuzzer.ended_by(), fuzzer.said()
        has_begun, has_finished = fuzzer.has_begun, fuzzer.has_finished
        self._fuzzers.remove(fuzzer)
        self._done += cases
        returncode = fuzzer.returncode
        fuzzer.close()
        if not has_begun:
            raise BuildError(
                f"{self._module.subject.path}: the fuzz program does not start",
                detail=f"expected that it runs cases, found exit status {returncode}",
                hint=f"it says:\n{said.strip()[-2000:]}",
                output=said,
            )
        left = self._share(len(self._fuzzers) + 1)
        has_used_them_up = has_finished and self._budget.runs is not None
        self._at_once = self._at_once + 1 if cases < _FEW else 0
        goes_on = left != 0 and not self._grace and not has_used_them_up
        if goes_on and self._at_once < _AT_ONCE:
            self._start(left)
        if data is not None:
            yield from self._confirmed(data, reader.told(said), replayer, known)

    def _confirmed(
        self, data: bytes, told: Crash | None, replayer: Replayer, known: Collection[str]
    ) -> Findings:
        """What is known already is not looked at again."""
        if told is not None and told.signature in known:
            return
        case = self._case(data)
        crash = replayer.confirm(case)
        if crash is not None:
            yield Finding(crash, case)
        else:
            self._unconfirmed += 1

    def _case(self, data: bytes) -> Case:
        case = self._module.subject.given(decode(data))
        return replace(case, config=dict(islice(case.config.items(), MOST_ITEMS)))

    def _share(self, among: int) -> int | None:
        """Of the runs that are left; None: of no bound."""
        if self._budget.runs is None:
            return None
        left = self._budget.runs - self._done - sum(each.cases for each in self._fuzzers)
        return max(0, -(-left // among))

    def _start(self, runs: int | None) -> None:
        isolate = self._unconfirmed >= _UNCONFIRMED
        seed = self._budget.seed + self._started * 7919
        fuzzer = Fuzzer(
            self._module,
            self._places,
            self._started,
            seed=seed % (1 << 31) or 1,
            runs=runs,
            events=self._budget.events,
            isolate=isolate,
            shares=self._budget.jobs > 1,
        )
        self._started += 1
        self._fuzzers.append(fuzzer)

    def _count(self, fuzzer: Fuzzer) -> None:
        refusal = fuzzer.refusal
        self._lived |= fuzzer.cases > 0 and refusal is None
        self._refusal = refusal if fuzzer.cases and refusal else self._refusal
        coverage, corpus = fuzzer.status()
        self._coverage = max(self._coverage, coverage)
        self._corpus = max(self._corpus, corpus)

    def say(self, progress: Callable[[Progress], None], *, at_once: bool = False) -> None:
        """Now and then."""
        now = time.monotonic()
        if now - self._said < _SAY and not at_once:
            return
        self._said = now
        for fuzzer in self._fuzzers:
            self._count(fuzzer)
        cases = self._done + sum(fuzzer.cases for fuzzer in self._fuzzers)
        progress(Progress(cases, now - self._begun, self._coverage, self._corpus))


def _places(module: Instrumented, folder: Path, corpus: Path) -> Places:
    run = Path(tempfile.mkdtemp(dir=folder, prefix="run-"))
    candidates = run / "candidates"
    candidates.mkdir()
    corpus.mkdir(parents=True, exist_ok=True)
    words = Vocabulary.of(module.library, module.subject.config).words
    places = Places(corpus, run / "words", run / "dictionary", candidates, run)
    places.words.write_bytes(written(words))
    places.dictionary.write_text(dictionary(words))
    return places
