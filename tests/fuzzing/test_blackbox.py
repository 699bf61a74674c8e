"""The engine for libraries as they are."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Error, LoadError, Message, Revision, User
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.blackbox import BlackBox
from mesibo_abi.fuzzing.budget import Budget, Progress
from mesibo_abi.fuzzing.campaign import distinct
from mesibo_abi.fuzzing.case import Case, Reload
from mesibo_abi.fuzzing.engines import open_engine
from mesibo_abi.fuzzing.finding import Finding
from mesibo_abi.fuzzing.jobs import Jobs
from mesibo_abi.fuzzing.mutating import Mutator
from mesibo_abi.fuzzing.searching import Target
from mesibo_abi.fuzzing.subject import Subject
from mesibo_abi.fuzzing.wire import decode, encode
from mesibo_abi.vocabulary import Vocabulary
from tests.conftest import Built
from tests.fuzzing.libraries import SOURCES, subject


def found(subject: Subject, corpus: Path, runs: int, most: int) -> list[Finding]:
    """Up to so many findings."""
    findings: list[Finding] = []
    with open_engine(subject) as engine:
        for finding in distinct(engine, Budget(runs=runs, seed=3), corpus, lambda _: None):
            findings.append(finding)
            if len(findings) == most:
                break
    return findings


@pytest.mark.slow
def test_it_finds_what_is_wrong_only_after_three_logins_and_a_reload(tmp_path: Path) -> None:
    (finding,) = found(subject("relapse"), tmp_path / "corpus", 5000, 1)
    assert finding.crash.kind in ("SIGSEGV", "SIGABRT")
    assert "relapse.c:" in finding.crash.where
    assert "module 'relapse' ended its process in" in finding.crash.report
    kinds = [type(step) for step in finding.case.steps]
    assert kinds[:4] == [Event, Event, Event, Reload]
    assert len(kinds) <= 5


@pytest.mark.slow
def test_it_finds_two_bugs_each_once_and_small(tmp_path: Path) -> None:
    findings = found(subject("pair"), tmp_path / "corpus", 50000, 2)
    assert len({finding.crash.signature for finding in findings}) == 2
    for finding in findings:
        (step,) = finding.case.steps
        assert isinstance(step, Event)
        assert step.message is not None
        assert len(step.message.payload) == 8 or step.message.to is None


def test_it_finds_a_word_of_the_module(tmp_path: Path) -> None:
    """Which is another one where it makes up that item."""
    (finding,) = found(subject("secret"), tmp_path / "corpus", 100000, 1)
    word = finding.case.config.get("word", "open sesame")
    assert finding.case.steps == (Event(EventKind.MESSAGE, Message(word)),)


def test_a_sound_module_uses_up_its_runs(built: Built, tmp_path: Path) -> None:
    said: list[Progress] = []
    with BlackBox(Subject(library=built("counter"))) as engine:
        budget = Budget(runs=30000, seed=5)
        assert list(engine.fuzz(budget, tmp_path / "corpus", set(), said.append)) == []
    assert said
    assert all(progress.cases <= 30000 for progress in said)


def test_what_was_answered_in_a_new_way_is_kept_and_used_again(
    built: Built, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    counter = Subject(library=built("counter"))
    assert found(counter, corpus, 5000, 1) == []
    kept = sorted(corpus.iterdir())
    assert kept
    (corpus / "mine").write_bytes(encode(Case((Event(EventKind.MESSAGE, Message(b"a seed")),))))
    (corpus / "broken").write_bytes(b"\xff\x00\xfe")
    assert found(counter, corpus, 5000, 1) == []
    assert set(kept) <= set(corpus.iterdir())


def test_what_is_known_is_not_given_again(tmp_path: Path) -> None:
    with BlackBox(subject("pair")) as engine:
        known = {
            crash.signature
            for step in (Message(b"x" * 8), Message(b"", to=None))
            if (crash := engine.replay(Case((Event(EventKind.MESSAGE, step),)))) is not None
        }
        assert len(known) == 2
        budget = Budget(runs=200)
        assert list(engine.fuzz(budget, tmp_path / "corpus", known, lambda _: None)) == []


def test_a_module_that_crashes_in_its_init_is_a_finding_at_once(
    built: Built, tmp_path: Path
) -> None:
    crashing = Subject(library=built("crash_init"))
    (finding,) = found(crashing, tmp_path / "corpus", 1, 1)
    assert finding.case == Case()


def test_a_library_that_cannot_be_loaded_is_an_error(built: Built) -> None:
    with pytest.raises(LoadError, match="every symbol to be defined"):
        open_engine(Subject(library=built("missing_symbol")))


def needing(folder: Path) -> Path:
    """A library whose init needs the item `level`, and ends where that is long."""
    source = folder / "needs.c"
    source.write_text(
        '#include "module.h"\n'
        "#include <stdlib.h>\n"
        "#include <string.h>\n"
        "mesibo_int_t mesibo_module_needs_init(mesibo_int_t version, mesibo_module_t *mod,\n"
        "                                      mesibo_uint_t len) {\n"
        "    MESIBO_MODULE_SANITY_CHECK(mod, version, len);\n"
        '    const char *level = mesibo_util_getconfig(mod, "level");\n'
        '    const char *mode = mesibo_util_getconfig(mod, "mode");\n'
        "    if (mode != NULL && strlen(mode) > 40)\n"
        "        abort();\n"
        "    return level != NULL ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;\n}\n"
    )
    output = folder / "mesibo_mod_needs.so"
    return mesibo_abi.build(source, output=output, revision="sdk2020")


def test_a_library_that_needs_items_says_that_they_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        found(Subject(library=needing(tmp_path)), tmp_path / "corpus", 10, 1)
    assert caught.value.hint.startswith(
        "give its items with --config, where it needs some; an init refuses when version"
    )


def test_it_makes_up_items_that_are_named_by_words_of_the_library(tmp_path: Path) -> None:
    needs = Subject(library=needing(tmp_path), config={"level": "1"})
    (finding,) = found(needs, tmp_path / "corpus", 5000, 1)
    assert finding.crash.signature.startswith("SIGABRT in mesibo_module_needs_init needs.c:")
    assert finding.case.steps == ()
    assert set(finding.case.config) == {"mode"}
    with open_engine(Subject(library=needs.library)) as engine:  # as its file has it
        crash = engine.confirm(finding.case)
    assert crash is not None
    assert crash.signature == finding.crash.signature


def test_modules_of_doc2019_are_given_no_items() -> None:
    words = Vocabulary((b"level",))
    path = Subject(library=Path("x.so"))
    targets = [Target(path, words, revision, frozenset()) for revision in Revision]
    assert [target.names_of_items for target in targets] == [(), ("level",), ("level",)]


def test_messages_are_the_same_for_the_same_seed() -> None:
    def made(seed: int) -> list[Message]:
        mutator = Mutator([b"word"], ["carol"], seed)
        mutator.keep(Case((Event(EventKind.MESSAGE, Message(b"kept")),)))
        return mutator.messages(300)

    assert made(1) == made(1)
    assert made(1) != made(2)
    assert any(message.to == "carol" for message in made(1))
    assert any(b"kept" in message.payload for message in made(1))
    assert max(len(message.payload) for message in made(1)) <= 8192


def lives_in(corpus: Path) -> list[Case]:
    return [decode(path.read_bytes()) for path in sorted(corpus.iterdir())]


def test_whole_lives_are_kept_and_lived_again(built: Built, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    assert found(Subject(library=built("counter")), corpus, 3000, 1) == []
    kept = lives_in(corpus)
    assert any(len(case.steps) > 1 for case in kept)
    assert all(encode(decode(encode(case))) == encode(case) for case in kept)


def test_a_life_of_the_corpus_is_lived_first(tmp_path: Path) -> None:
    login = Event(EventKind.LOGIN, user=User("alice"))
    case = Case((login, login, login, Reload(), login))
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "mine").write_bytes(encode(case))
    (finding,) = found(subject("relapse"), corpus, 1, 1)
    assert "relapse.c:" in finding.crash.where


def test_the_corpus_of_one_engine_is_read_by_the_other(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    sources = Subject(sources=(SOURCES / "fuzz" / "secret.c",), revision=Revision.SDK2020)
    with open_engine(sources) as engine:
        budget = Budget(runs=20000)
        assert any(engine.fuzz(budget, corpus, set(), lambda _: None))
    assert len(lives_in(corpus)) > 3
    assert found(subject("secret"), corpus, 100000, 1)


def test_several_jobs_share_the_runs_the_corpus_and_what_is_known(
    built: Built, tmp_path: Path
) -> None:
    said: list[Progress] = []
    corpus = tmp_path / "corpus"
    with BlackBox(Subject(library=built("counter"))) as engine:
        budget = Budget(runs=3001, seed=5, jobs=3)
        assert list(engine.fuzz(budget, corpus, set(), said.append)) == []
    assert said[-1].cases == 3001
    assert said[-1].corpus > 0
    assert {len(case.steps) > 1 for case in lives_in(corpus)} == {True, False}


def test_two_jobs_find_each_bug_once(tmp_path: Path) -> None:
    signatures = []
    with open_engine(subject("pair")) as engine:
        budget = Budget(runs=1500, seed=3, jobs=2)
        for finding in distinct(engine, budget, tmp_path / "corpus", lambda _: None):
            signatures.append(finding.crash.signature)
    assert len(signatures) == len(set(signatures)) == 2


def test_the_jobs_are_gone_when_nobody_listens_any_more(built: Built, tmp_path: Path) -> None:
    library = built("counter")
    target = Target(
        Subject(library=library), Vocabulary(), Revision.DOC2019, frozenset({"on_message"})
    )

    def enough(_: Progress) -> None:
        raise KeyboardInterrupt

    with Jobs(target, Budget(jobs=2), tmp_path) as jobs, pytest.raises(KeyboardInterrupt):
        next(jobs.findings(set(), enough))
    assert [job.returncode for job in jobs.processes] == [-signal.SIGKILL] * 2


def test_a_job_that_ends_by_itself_is_an_error(tmp_path: Path) -> None:
    gone = Target(
        Subject(library=tmp_path / "gone.so"), Vocabulary(), Revision.DOC2019, frozenset()
    )
    corpus = tmp_path / "corpus"
    corpus.write_text("no folder")
    words = "expected exit status 0, found 1"
    with Jobs(gone, Budget(jobs=2), corpus) as jobs, pytest.raises(Error, match=words):
        list(jobs.findings(set(), lambda _: None))
