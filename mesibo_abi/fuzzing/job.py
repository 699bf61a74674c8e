"""One search, in a process of its own: `python -m mesibo_abi.fuzzing.job`, as `jobs` starts it. On
standard input comes the task, and then what the others found; what it says goes to the descriptor
that standard output was."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import IO

from .corpus import Corpus
from .jobs import Task, Word, read_all
from .searching import Search


def main() -> None:
    """Until the budget is used up."""
    words = _take_output()
    told = read_all(sys.stdin.buffer)
    task = next(told)
    assert isinstance(task, Task)
    known = set(task.known)
    threading.Thread(target=lambda: _listen(told, known), daemon=True).start()

    def say(word: Word) -> None:
        pickle.dump(word, words)
        words.flush()

    search = Search(task.target, task.budget, Corpus(task.corpus), known, say)
    for finding in search.findings():
        known.add(finding.crash.signature)
        say(finding)
    words.close()


def _listen(told: Iterator[object], known: set[str]) -> None:
    for word in told:
        if isinstance(word, str):
            known.add(word)
    os._exit(1)  # nobody listens any more


def _take_output() -> IO[bytes]:
    """What the module prints goes where errors go."""
    words = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return words


if __name__ == "__main__":
    code = 1
    try:
        main()
        code = 0
    except Exception:
        traceback.print_exc()
    os._exit(code)  # the other thread reads on, which the end of an interpreter does not bear
