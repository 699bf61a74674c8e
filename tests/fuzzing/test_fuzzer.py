"""The process that makes cases up: what each of them begins with, and what becomes of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mesibo_abi.events import Event
from mesibo_abi.fuzzing.case import Reload, Step
from mesibo_abi.fuzzing.fuzzer import Fuzzer, Places
from mesibo_abi.fuzzing.instrumented import Instrumented, instrument
from mesibo_abi.fuzzing.subject import Subject
from mesibo_abi.fuzzing.wire import decode
from tests.fuzzing.planted import BY_NAME
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]

FUZZED = Path(__file__).parents[1] / "modules" / "fuzzed"
PATIENCE = 200.0  # seconds


@pytest.fixture(scope="module")
def remembers(tmp_path_factory: pytest.TempPathFactory) -> Instrumented:
    source = FUZZED / "mesibo_mod_remembers.c"
    return instrument(Subject(sources=(source,)), tmp_path_factory.mktemp("remembers"))


@contextmanager
def fuzzing(
    module: Instrumented,
    folder: Path,
    *,
    runs: int,
    events: int | None = None,
    isolate: bool = False,
) -> Iterator[tuple[Fuzzer, Places]]:
    """When it has ended by itself."""
    places = Places(*(folder / name for name in ("corpus", "words", "dictionary", "found", "run")))
    for made in (places.corpus, places.candidates, places.folder):
        made.mkdir()
    places.words.write_bytes(b"")
    places.dictionary.write_text('"word"\n')  # an empty one is refused
    fuzzer = Fuzzer(
        module, places, 0, seed=1, runs=runs, events=events, isolate=isolate, shares=False
    )
    try:
        end = time.monotonic() + PATIENCE
        while not fuzzer.is_over:
            assert time.monotonic() < end, fuzzer.said()
            time.sleep(0.05)
        yield fuzzer, places
    finally:
        fuzzer.close()


@pytest.mark.parametrize("isolate", [False, True], ids=["together", "apart"])
def test_a_case_sees_nothing_of_those_before_it(
    remembers: Instrumented, tmp_path: Path, isolate: bool
) -> None:
    """A module that aborts where an event finds what another has left: with one event to a case,
    never."""
    runs = 3000 if isolate else 50_000
    with fuzzing(remembers, tmp_path, runs=runs, events=1, isolate=isolate) as (fuzzer, places):
        assert fuzzer.ended_by() is None, fuzzer.said()
        assert fuzzer.returncode == 0
        assert fuzzer.has_finished
        assert fuzzer.cases >= runs
        assert list(places.candidates.iterdir()) == []


def test_but_events_of_one_case_see_each_other(remembers: Instrumented, tmp_path: Path) -> None:
    with fuzzing(remembers, tmp_path, runs=50_000) as (fuzzer, _):
        data = fuzzer.ended_by()
        assert data is not None
        assert len(decode(data).steps) > 1


def test_a_case_that_ends_the_process_in_foreign_code_is_known(tmp_path: Path) -> None:
    source = FUZZED / "mesibo_mod_wild_text.c"
    module = instrument(Subject(sources=(source,)), tmp_path)
    with fuzzing(module, tmp_path, runs=50_000) as (fuzzer, _):
        assert fuzzer.returncode == -signal.SIGSEGV
        data = fuzzer.ended_by()
        assert data is not None
        assert not fuzzer.has_finished
    assert any(len(payload_of(step)) > 3 for step in decode(data).steps)


def payload_of(step: Step) -> bytes:
    message = step.message if isinstance(step, Event) else None
    return b"" if message is None else message.payload


@pytest.mark.parametrize("events", [1, 3])
def test_a_case_has_no_more_events_than_it_may(tmp_path: Path, events: int) -> None:
    module = instrument(BY_NAME["stages"].subject("-DMENDED"), tmp_path)
    with fuzzing(module, tmp_path, runs=20_000, events=events) as (_, places):
        steps = [decode(path.read_bytes()).steps for path in places.corpus.iterdir()]
    counted = [sum(isinstance(step, Event | Reload) for step in each) for each in steps]
    assert max(counted) == events
    assert events > 1 or not any(isinstance(step, Reload) for each in steps for step in each)


def test_what_leaks_apart_is_put_aside(tmp_path: Path) -> None:
    module = instrument(BY_NAME["leak"].subject(), tmp_path)
    with fuzzing(module, tmp_path, runs=2000, isolate=True) as (fuzzer, places):
        assert fuzzer.ended_by() is None, fuzzer.said()
        names = [path.name for path in places.candidates.iterdir()]
    assert names
    assert all(name.startswith("leak-") for name in names)
