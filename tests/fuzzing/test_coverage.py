"""The engine for modules that are compiled."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from mesibo_abi import Message
from mesibo_abi.errors import BuildError, InputError, LoadError
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.budget import Budget, Progress
from mesibo_abi.fuzzing.campaign import distinct
from mesibo_abi.fuzzing.case import Case, Reply
from mesibo_abi.fuzzing.coverage import Coverage, open_engine
from mesibo_abi.fuzzing.subject import Sanitizer, Subject
from mesibo_abi.fuzzing.wire import decode
from mesibo_abi.types import Revision
from tests.fuzzing.planted import BY_NAME, PATIENCE, findings, nothing
from tests.tools import needs

pytestmark = [needs("clang", "clang++"), pytest.mark.slow]

FUZZED = Path(__file__).parents[1] / "modules" / "fuzzed"


def subject(name: str, revision: Revision | None = None) -> Subject:
    return Subject(sources=(FUZZED / f"mesibo_mod_{name}.c",), revision=revision)


def message(text: str) -> Event:
    return Event(EventKind.MESSAGE, Message(text))


def test_it_goes_on_behind_a_finding() -> None:
    with closing(findings(subject("shallow"))) as found:
        kinds = {next(found).crash.kind, next(found).crash.kind}
    assert kinds == {"heap-buffer-overflow read", "stack-buffer-overflow write"}


def test_where_cases_differ_each_has_a_process() -> None:
    """What aborts after a hundred others is no finding, and does not hide the one that is."""
    with closing(findings(subject("thread_local"), minimise_for=60)) as found:
        first = next(found)
    assert first.crash.kind == "stack-buffer-overflow write"
    assert first.case == Case((message("aaaaa"),))


def test_what_was_lent_is_gone_behind_the_event() -> None:
    with closing(findings(subject("clings"), minimise_for=60)) as found:
        by_kind = {each.crash.kind: each.case for each in itertools.islice(found, 2)}
    assert set(by_kind) == {"heap-use-after-free read", "heap-buffer-overflow write"}
    assert len(by_kind["heap-use-after-free read"].steps) == 2


def test_a_cleanup_sees_what_a_single_event_has_left(tmp_path: Path) -> None:
    with open_engine(subject("clings")) as engine:
        budget = Budget(duration=PATIENCE, events=1)
        with closing(engine.fuzz(budget, tmp_path, (), nothing)) as found:
            first = next(found)
    assert first.crash.kind == "heap-buffer-overflow write"
    assert first.crash.where.startswith("cleanup")
    assert len(first.case.steps) == 1


def test_one_place_is_looked_at_a_few_times(tmp_path: Path) -> None:
    """Nearly every case fails at it; all processes of the run together."""
    with open_engine(subject("always")) as engine:
        found = list(engine.fuzz(Budget(runs=3000), tmp_path, (), nothing))
    assert {each.crash.where for each in found} == {"on_message at mesibo_mod_always.c:11"}
    assert 1 <= len(found) <= 3


def test_a_mistake_that_a_header_of_the_system_meets_is_where_the_author_made_it() -> None:
    with open_engine(Subject(sources=(FUZZED / "mesibo_mod_thrower.cpp",))) as engine:
        crash = engine.replay(Case((message("abc"),)))
    assert crash is not None
    assert crash.signature == "ABRT in on_message at mesibo_mod_thrower.cpp:8"
    assert "__stoa" in crash.report


def test_a_stack_that_was_written_over_is_no_finding_of_its_own(tmp_path: Path) -> None:
    place = "stack-buffer-overflow write in on_status"
    with open_engine(subject("smashes")) as engine:
        for size in range(57, 600, 57):
            read = Event(EventKind.STATUS, Message("", to="a" * size), status=3)
            crash = engine.replay(Case((read,)))
            assert crash is not None
            assert crash.signature in (f"{place} at mesibo_mod_smashes.c:10", place), size
        found = list(distinct(engine, Budget(runs=80_000), tmp_path, nothing))
    assert [each.crash.signature for each in found] == [f"{place} at mesibo_mod_smashes.c:10"]


def test_a_module_that_ends_in_its_init_is_a_finding(tmp_path: Path) -> None:
    """Each process that makes cases up ends in its first: it is not started for ever."""
    module = replace(subject("wild_text"), arguments=("-DIN_INIT",))
    with open_engine(module) as engine:
        found = list(distinct(engine, Budget(runs=100_000), tmp_path, nothing))
    (crash,) = (each.crash for each in found)
    assert crash.kind == "SEGV read"
    assert "mesibo_module_wild_text_init" in crash.report


def test_a_module_that_never_opens_is_not_said_to_be_sound(tmp_path: Path) -> None:
    refusing = open_engine(subject("refuses", Revision.SDK2020))
    with refusing as engine, pytest.raises(LoadError) as caught:
        list(engine.fuzz(Budget(runs=500), tmp_path, (), nothing))
    path = FUZZED / "mesibo_mod_refuses.c"
    assert str(caught.value) == (
        f"{path}: no case came further than the module's init\n"
        "  expected that it returns 0 in some, it returned -1\n"
        "  hint: give it the items that it needs, by --config; see what it logs by "
        "`mesibo-abi check`"
    )


def test_what_is_kept_is_no_leak(tmp_path: Path) -> None:
    with open_engine(subject("keeps")) as engine:
        assert list(engine.fuzz(Budget(runs=20_000), tmp_path, (), nothing)) == []


def test_the_same_seed_looks_at_the_same_cases(tmp_path: Path) -> None:
    def kept(name: str, seed: int) -> set[str]:
        with open_engine(BY_NAME["stages"].subject("-DMENDED")) as engine:
            for _ in engine.fuzz(Budget(runs=50_000, seed=seed), tmp_path / name, (), nothing):
                pass
        return {path.name for path in (tmp_path / name).iterdir()}

    assert kept("one", 5) == kept("again", 5) != kept("other", 6)


def test_what_was_kept_is_begun_with(tmp_path: Path) -> None:
    """What a first run reached, another has reached before it makes anything up."""
    with open_engine(BY_NAME["stages"].subject("-DMENDED")) as engine:
        said: list[Progress] = []
        for _ in engine.fuzz(Budget(runs=30_000), tmp_path, (), said.append):
            pass
        kept = {path.name for path in tmp_path.iterdir()}
        for _ in engine.fuzz(Budget(runs=1), tmp_path, (), said.append):
            pass
    assert len(kept) > 10
    assert kept <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("isolate", [False, True], ids=["together", "apart"])
def test_what_the_module_looks_for_is_tried(
    isolate: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isolate:
        monkeypatch.setattr("mesibo_abi.fuzzing.coverage._UNCONFIRMED", 0)
    with open_engine(subject("separated")) as engine:
        found = engine.fuzz(Budget(runs=400_000), tmp_path, (), nothing)
        with closing(found):
            assert next(found).crash.where.startswith("on_message")


def test_apart_no_events_are_made_up_that_nobody_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the first cases: nothing was learned of the module then."""
    monkeypatch.setattr("mesibo_abi.fuzzing.coverage._UNCONFIRMED", 0)
    with open_engine(subject("separated")) as engine, suppress(StopIteration):
        next(engine.fuzz(Budget(runs=5000), tmp_path, (), nothing))
    cases = [decode(path.read_bytes()) for path in tmp_path.iterdir()]
    kinds = Counter(step.kind for case in cases for step in case.steps if isinstance(step, Event))
    assert kinds[EventKind.MESSAGE] > 30
    assert kinds[EventKind.LOGIN] + kinds[EventKind.CONFIG] < 10
    assert not any(isinstance(step, Reply) for case in cases for step in case.steps)


def test_all_runs_are_used_where_processes_end_that_wrote_over_too_much(tmp_path: Path) -> None:
    said: list[Progress] = []
    with open_engine(BY_NAME["long_message"].subject()) as engine:
        assert list(distinct(engine, Budget(runs=20_000), tmp_path, said.append))
    assert said[-1].cases >= 20_000


@pytest.mark.parametrize(("thread_safe", "arguments"), [(False, ()), (True, ("-DMENDED",))])
def test_no_race_is_made_up(thread_safe: bool, arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Of a module that only one thread at a time is in, and of one that has a lock of its own."""
    crowd = replace(BY_NAME["crowd"].subject(*arguments), thread_safe=thread_safe)
    said: list[Progress] = []
    with open_engine(crowd) as engine:
        assert list(engine.fuzz(Budget(runs=1000), tmp_path, (), said.append)) == []
    assert said[-1].cases >= 1000


def test_a_race_that_is_seldom_met_is_confirmed() -> None:
    seldom = replace(subject("seldom", Revision.SDK2020), sanitizer=Sanitizer.THREAD)
    case = Case((message("a"),))
    with open_engine(seldom) as engine:
        once = [engine.replay(case) is not None for _ in range(30)]
        confirmed = [engine.confirm(case) for _ in range(4)]
    assert 0 < sum(once) < 30
    assert all(crash is not None and crash.kind == "data race" for crash in confirmed)


def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    said: list[Progress] = []
    with open_engine(BY_NAME["stages"].subject("-DMENDED")) as engine:
        budget = Budget(duration=PATIENCE, runs=20_000, jobs=2)
        assert not list(engine.fuzz(budget, tmp_path, (), said.append))
    assert [each.cases for each in said] == sorted(each.cases for each in said)
    assert said[-1].cases > 0
    assert said[-1].coverage is not None
    assert said[-1].coverage > 0
    assert said[-1].corpus > 0


@pytest.fixture(scope="module")
def ways_out() -> Iterator[Coverage]:
    with open_engine(subject("ways_out", Revision.SDK2020)) as engine:
        yield engine


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("exit", "exit"),
        ("_exit", "exit"),
        ("abort", "ABRT"),
        ("struct", "struct-damaged"),
        ("code", "bad-result"),
        ("stop", "hang"),
        ("send", "heap-buffer-overflow read"),
        ("kill", "SIGKILL"),
        ("hang", "hang"),
    ],
)
def test_ways_to_end(ways_out: Coverage, word: str, kind: str) -> None:
    crash = ways_out.replay(Case((message(word),)))
    assert crash is not None
    assert crash.kind == kind
    assert ways_out.replay(Case((message("nothing"),))) is None


@pytest.fixture(scope="module")
def prints() -> Iterator[Coverage]:
    with open_engine(subject("prints", Revision.SDK2020)) as engine:
        yield engine


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["l"], "heap-buffer-overflow read"),
        (["snprintf"], "heap-buffer-overflow read"),
        (["kept", "over"], "heap-use-after-free read"),
        (["exactly"], None),
        (["over"], None),
    ],
)
def test_a_text_with_a_precision(prints: Coverage, texts: list[str], kind: str | None) -> None:
    crash = prints.replay(Case(tuple(map(message, texts))))
    assert (crash.kind if crash is not None else None) == kind
    assert crash is None or crash.where.startswith("on_message at mesibo_mod_prints.c:")


def configured(count: int, **more: str) -> Subject:
    items = {f"item{number}": "" for number in range(count - 1 - len(more))}
    return replace(subject("configured", Revision.SDK2020), config={**items, **more, "last": ""})


@pytest.mark.parametrize("count", [40, 256])
def test_a_large_configuration(count: int) -> None:
    """Of which all but what matters is left out."""
    with closing(findings(configured(count), minimise_for=60)) as found:
        first = next(found)
    assert first.crash.kind == "ABRT"
    assert first.case.config == {"last": ""}


def test_a_large_configuration_leaves_room_for_the_events() -> None:
    events = (Event(EventKind.CALL),) * 95
    with open_engine(configured(1)) as engine:
        case = Case((*events, message("abort")), configured(256).config)
        crash = engine.replay(case)
        assert crash is not None
        assert crash.kind == "ABRT"
        with pytest.raises(InputError, match="expected at most 96, found 97"):
            engine.replay(replace(case, steps=(*case.steps, message("more"))))


@pytest.mark.parametrize(
    ("module", "detail"),
    [
        (configured(257), "256 items, found 257"),
        (configured(2, long="a" * 65_535), "65,534 bytes in a name or a value, found 65,535"),
        (
            configured(22, **{f"item{number}": "a" * 50_000 for number in range(21)}),
            "1,048,576 bytes in all names and values, found 1,050,120",
        ),
    ],
)
def test_a_configuration_that_is_too_large(module: Subject, detail: str) -> None:
    with pytest.raises(InputError) as caught:
        open_engine(module)
    assert str(caught.value) == (
        f"{module.path}: its configuration is too large to be fuzzed with\n"
        f"  expected at most {detail}\n"
        "  hint: give those alone, by --config, that the module needs"
    )


@pytest.mark.parametrize("conversion", ["%n", "%ll", "%q", "%-l"])
def test_a_format_is_one_finding_whatever_comes_in(conversion: str) -> None:
    """A conversion that is not over, before what is left of a longer text, makes the sanitizer's
    own printf end the process, with a failed check of its own."""
    with open_engine(BY_NAME["format"].subject()) as engine:
        crash = engine.replay(Case((message("m" * 80), message(conversion))))
    assert crash is not None
    assert crash.signature == "format-string in on_message at mesibo_mod_format.c:14"


def test_a_source_that_does_not_compile(tmp_path: Path) -> None:
    source = tmp_path / "wrong.c"
    source.write_text("int main(\n")
    with pytest.raises(BuildError, match="does not compile"):
        open_engine(Subject(sources=(source,)))


def test_a_source_without_an_init(tmp_path: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    with pytest.raises(InputError, match="no init"):
        open_engine(Subject(sources=(source,)))


def test_a_module_that_cannot_be_opened(tmp_path: Path) -> None:
    source = tmp_path / "needy.c"
    source.write_text(
        '#include "module.h"\nint nowhere(void);\n'
        "MESIBO_EXPORT int mesibo_module_needy_init(mesibo_module_t *mod, mesibo_uint_t len) {\n"
        "    (void)mod, (void)len;\n    return nowhere();\n}\n"
    )
    with pytest.raises(BuildError, match="undefined symbol: nowhere"):
        open_engine(Subject(sources=(source,)))


def test_findings_are_distinct(tmp_path: Path) -> None:
    with open_engine(subject("shallow")) as engine:
        budget = Budget(runs=4000)
        found = [each.crash.signature for each in distinct(engine, budget, tmp_path, nothing)]
    assert len(found) == len(set(found)) > 0
