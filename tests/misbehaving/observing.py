"""What comes of each misbehaviour: in a process of its own that nobody needs, isolated in this one,
and in the checks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import mesibo_abi
from mesibo_abi import Error, Outcome
from tests.misbehaving.catalogue import Misbehaviour
from tests.misbehaving.playing import Played, play
from tests.running import ROOT

_CHECK_TIMEOUT = 3.0  # seconds for what hangs: a busy machine must not add to it


@dataclass(frozen=True)
class Observed:
    """Of one: what became of a host that has it in its process (`here`) and of one that isolates it
    (`there`), and which checks report it."""

    here: str
    there: Played
    checks: tuple[str, ...]


def observe(all_: Iterable[Misbehaviour], folder: Path, *, at_once: int = 1) -> dict[str, Observed]:
    """By their names; the libraries are built in this folder. `at_once` are nurseries, and beside
    them checks."""
    todo = list(all_)
    with ThreadPoolExecutor(at_once) as pool:
        libraries = dict(zip(todo, pool.map(lambda each: each.build(folder), todo), strict=True))
    play(todo[0], libraries[todo[0]], isolated=True)  # what is opened once, and stays
    # Alone: what is measured is this process.
    there = {each.name: play(each, libraries[each], isolated=True) for each in todo}
    with ThreadPoolExecutor(2 * at_once) as pool:
        nurseries = [
            pool.submit(_in_nursery, {each: libraries[each] for each in todo[first::at_once]})
            for first in range(at_once)
        ]
        checks: dict[str, Future[tuple[str, ...]]] = {
            each.name: pool.submit(_checked, each, libraries[each]) for each in todo
        }
        here = {name: text for each in nurseries for name, text in each.result().items()}
        return {name: Observed(here[name], there[name], checks[name].result()) for name in there}


# -P, and the checkout last: the package that is installed, not the one that lies there.
_NURSERY = f"""
import sys
sys.path.append({str(ROOT)!r})
from tests.misbehaving.nursery import main
main()
"""


def _in_nursery(libraries: dict[Misbehaviour, Path]) -> dict[str, str]:
    tasks = [{"name": each.name, "library": str(path)} for each, path in libraries.items()]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _NURSERY],
        cwd=ROOT,
        input="".join(f"{json.dumps(task)}\n" for task in tasks),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return {told["name"]: _here(told) for told in map(json.loads, done.stdout.splitlines())}


def _here(told: dict[str, object]) -> str:
    if told["ended"] is not None:
        return str(told["ended"])
    assert isinstance(told["played"], dict)
    return in_words(Played(**told["played"]))


def in_words(played: Played) -> str:
    """Whether the host goes on, and what it has to live with."""
    words = ["goes on" if played.goes_on else "does not go on"]
    words += [played.kind] if played.kind else []
    text = ": ".join(words)
    return text + (f"; changed: {', '.join(played.changed)}" if played.changed else "")


def _checked(what: Misbehaviour, library: Path) -> tuple[str, ...]:
    try:
        report = mesibo_abi.check(library, timeout=_CHECK_TIMEOUT if what.hangs else 30.0)
    except Error as error:
        return (error.what,)
    fine = (Outcome.PASSED, Outcome.SKIPPED)
    return tuple(result.check for result in report if result.outcome not in fine)


_ADDRESS = re.compile(r"0x[0-9a-f]{9,}|(?<=but only )\d+")


def said(played: Played, what: Misbehaviour) -> str:
    """What is reported of it, without what is another each time."""
    known = {"0x7000dead0000"}
    text = _ADDRESS.sub(lambda found: found[0] if found[0] in known else "…", played.said)
    return f"{played.kind}: {text}" if played.kind else text
