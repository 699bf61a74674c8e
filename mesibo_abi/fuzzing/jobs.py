"""Several searches at once, each in a process of Python of its own (job.py). They share a corpus,
and what one has found the others need not."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Self, TypeAlias

from ..errors import Error
from .budget import Budget, Progress
from .finding import Finding
from .searching import Target

_SAY = 0.25  # seconds between words on how far they are
_SEEDS = 7919  # from one job to the next


@dataclass(frozen=True, slots=True)
class Task:
    """What a job is to do. `known` are the signatures found so far; more come as it runs."""

    target: Target
    budget: Budget
    corpus: Path
    known: frozenset[str]


Word: TypeAlias = Progress | Finding
"""What a job says."""


class Jobs:
    """The processes. A context manager: they are gone behind it."""

    def __init__(self, target: Target, budget: Budget, corpus: Path) -> None:
        self._target = target
        self._budget = budget
        self._corpus = corpus
        self.processes: list[subprocess.Popen[bytes]] = []
        self._said: queue.Queue[tuple[int, Word | None]] = queue.Queue()
        self._far: dict[int, Progress] = {}
        self._told: set[str] = set()
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for job in self.processes:
            job.kill()
            job.wait()
            for pipe in (job.stdin, job.stdout):
                if pipe is not None:
                    pipe.close()

    def findings(
        self, known: Collection[str], progress: Callable[[Progress], None]
    ) -> Iterator[Finding]:
        """Those that are not in `known`, which grows; until all have ended."""
        self._start(known)
        running, next_word = len(self.processes), self._begun
        while running > 0:
            number, word = self._said.get()
            if word is None:
                running -= 1
                self._check(number)
            elif isinstance(word, Progress):
                self._far[number] = word
            elif word.crash.signature not in known:
                yield word
            self._tell(known)
            if time.monotonic() >= next_word or running == 0:
                next_word = time.monotonic() + _SAY
                progress(self._so_far())

    def _start(self, known: Collection[str]) -> None:
        self._told = set(known)
        for number in range(self._budget.jobs):
            job = subprocess.Popen(
                [sys.executable, "-P", "-m", f"{__package__}.job"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us: they end with us
            )
            self.processes.append(job)
            task = Task(self._target, self._share(number), self._corpus, frozenset(known))
            _write(job, task)
            threading.Thread(target=self._listen, args=(number, job), daemon=True).start()

    def _share(self, number: int) -> Budget:
        """Of the runs, and a seed of its own; the first has the one that was given."""
        budget, jobs = self._budget, self._budget.jobs
        runs = None if budget.runs is None else budget.runs // jobs + (number < budget.runs % jobs)
        return replace(budget, runs=runs, seed=budget.seed + number * _SEEDS, jobs=1)

    def _listen(self, number: int, job: subprocess.Popen[bytes]) -> None:
        for word in read_all(job.stdout):
            assert isinstance(word, Progress | Finding)
            self._said.put((number, word))
        self._said.put((number, None))

    def _tell(self, known: Collection[str]) -> None:
        """Everybody what anybody found."""
        for signature in set(known) - self._told:
            self._told.add(signature)
            for job in self.processes:
                _write(job, signature)

    def _check(self, number: int) -> None:
        code = self.processes[number].wait()
        if code != 0:
            raise Error(
                f"a job of the fuzzer ended by itself, the one with the number {number}",
                detail=f"expected exit status 0, found {code}",
                hint="see what it wrote to standard error; or try one job alone",
            )

    def _so_far(self) -> Progress:
        far = self._far.values()
        return Progress(
            sum(each.cases for each in far),
            time.monotonic() - self._begun,
            corpus=max((each.corpus for each in far), default=0),
        )


def read_all(pipe: IO[bytes] | None) -> Iterator[object]:
    """What comes out of it, until its end."""
    assert pipe is not None
    while True:
        try:
            yield pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError, ValueError, OSError):  # it was ended meanwhile
            return


def _write(job: subprocess.Popen[bytes], what: Task | str) -> None:
    assert job.stdin is not None
    try:
        pickle.dump(what, job.stdin)
        job.stdin.flush()
    except OSError:
        return  # it has ended, which its other pipe says


def _environment() -> dict[str, str]:
    """One in which Python finds this package, behind what it finds anyway."""
    folder = str(Path(__file__).parents[2])
    path = [*filter(None, [os.environ.get("PYTHONPATH")]), folder]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
