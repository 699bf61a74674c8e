"""One life of a module: its steps, its requests, its end."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import (
    BadResult,
    LoadError,
    Message,
    ModuleCrashed,
    ModuleHung,
    Result,
    StructChanged,
    User,
)
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case, Reload, Reply
from mesibo_abi.fuzzing.crashes import crash_of
from mesibo_abi.fuzzing.life import Life, live, refuses
from mesibo_abi.fuzzing.subject import Subject
from tests.conftest import Built
from tests.fuzzing.libraries import library, subject

LOGIN = Event(EventKind.LOGIN, user=User("alice"))


def message(payload: bytes | str, to: str | None = "bob") -> Event:
    return Event(EventKind.MESSAGE, Message(payload, to=to))


def test_a_reload_keeps_the_globals_and_the_process() -> None:
    with pytest.raises(ModuleCrashed) as caught:
        live(subject("relapse"), Case((LOGIN, LOGIN, LOGIN, Reload(), LOGIN)))
    assert caught.value.callback == "on_login"
    calls = [str(crossing).partition("(")[0] for crossing in caught.value.crossings]
    assert calls == ["init", *["on_login"] * 3, "cleanup", "init", "on_login"]


def test_without_the_reload_it_lives_on() -> None:
    with Life(subject("relapse")) as life:
        for _ in range(9):
            assert life.do(LOGIN) is not None
    live(subject("relapse"), Case((LOGIN, LOGIN, Reload(), LOGIN, LOGIN)))


def test_what_ends_it_in_its_cleanup_is_raised_at_the_end() -> None:
    with pytest.raises(ModuleCrashed, match="cleanup"):  # the second time it frees the same
        live(subject("relapse"), Case((LOGIN, LOGIN, LOGIN, Reload())))


def test_an_answer_comes_when_somebody_gives_it() -> None:
    live(subject("late"), Case((message("a"), Reply(b"yes"), message("bye"), message("b"))))
    with pytest.raises(ModuleCrashed) as caught:
        live(subject("late"), Case((message("a"), message("bye"), Reply(b"too late"))))
    assert caught.value.callback == "a callback of an http request"


def test_open_requests_fail_at_a_reload_and_at_the_end() -> None:
    with Life(subject("late")) as life:
        life.do(message("a"))
        assert [each.kind for each in life.requests] == ["http"]
        life.do(Reload())
        assert life.requests == []
        life.do(message("a"))
        assert len(life.requests) == 1


def test_the_byte_behind_a_message_is_a_fault() -> None:
    for payload in (b"x" * 8, b"x" * 4096, b"x" * 70000):
        with pytest.raises(ModuleCrashed, match="0 bytes behind the message"):
            live(subject("pair"), Case((message(payload),)))


def test_two_bugs_are_two_classes_and_one_bug_is_one() -> None:
    kinds = set()
    for step in (message("a" * 8), message("b" * 9), message("a", to=None)):
        with pytest.raises(ModuleCrashed) as caught:
            live(subject("pair"), Case((step,)))
        kinds.add(type(caught.value))
    assert len(kinds) == 2
    assert all(issubclass(kind, ModuleCrashed) for kind in kinds)
    signatures = sorted(kind.__name__.partition(": ")[2] for kind in kinds)
    assert [text.split()[0] for text in signatures] == ["SIGSEGV", "SIGSEGV"]


def test_one_of_them_goes_to_another_process_as_what_it_is() -> None:
    with pytest.raises(ModuleCrashed) as caught:
        live(subject("pair"), Case((message("a" * 8),)))
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is ModuleCrashed
    assert again.signature == caught.value.signature


def test_a_synchronous_request_is_answered_by_the_next_reply() -> None:
    with Life(subject("waits")) as life:
        life.host.prepared.append(Reply(b"sixteen bytes...", piece=3))
        verdict = life.do(message("a"))
        assert verdict is not None
        assert verdict.result is Result.CONSUMED
        assert life.do(message("nobody answers")) is not None
    with pytest.raises(ModuleCrashed, match="abort"):
        live(subject("waits"), Case((message("a"), Reply(b"more than sixteen bytes"))))


def test_a_socket_is_connected_hears_and_is_closed() -> None:
    with Life(subject("line")) as life:
        life.do(LOGIN)
        (socket,) = life.requests
        socket.connect()
        life.settle()
        assert bytes(socket.written) == b"hello"
        socket.receive(b"qq", piece=1)
        socket.end(fails=True)
        life.settle()
        assert life.requests == []
    with pytest.raises(ModuleCrashed, match="a callback of a socket"):
        live(subject("line"), Case((LOGIN, Reply(b"ab", piece=1))))


def test_items_are_those_of_the_case_which_is_given_those_of_the_subject() -> None:
    secret = subject("secret", config={"word": "now"})
    case = Case((message("now"),))
    assert secret.given(case) == Case(case.steps, {"word": "now"})
    with pytest.raises(ModuleCrashed):
        live(secret, secret.given(case))
    live(secret, case)
    live(secret, secret.given(Case(case.steps, {"word": "then"})))


def test_without_items_it_has_those_of_the_subject() -> None:
    secret = subject("secret", config={"word": "now"})
    with pytest.raises(ModuleCrashed), Life(secret) as life:
        life.do(message("now"))


def test_an_init_that_refuses_its_items_is_no_finding() -> None:
    live(subject("secret"), Case((message("a"),), {"word": "x" * 65}))
    with pytest.raises(LoadError, match="to return 0, it returned -1"):
        Life(subject("secret"), {"word": "x" * 65})


def test_a_crash_in_its_init_is_raised_as_a_crash(built: Built) -> None:
    with pytest.raises(ModuleCrashed) as caught:
        live(Subject(library=built("crash_init")), Case())
    assert caught.value.callback == "init"


def test_one_that_hangs_is_ended(built: Built) -> None:
    with pytest.raises(ModuleHung):
        live(Subject(library=built("stuck")), Case((message("a"),)), deadline=0.2)


@pytest.mark.parametrize(("code", "is_wrong"), [(-1, False), (1, False), (7, True)])
def test_a_failure_is_its_right_and_an_unknown_code_is_not(
    built: Built, code: int, is_wrong: bool
) -> None:
    case = Case((message(f"{code}\0"),))
    subject = Subject(library=built("result"))
    if is_wrong:
        with pytest.raises(BadResult) as caught:
            live(subject, case)
        assert caught.value.code == code
        assert type(caught.value).__name__ == f"BadResult: on_message returned {code}"
    else:
        live(subject, case)


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_PERTURB_", "7")
    before = dict(os.environ)
    live(subject("late"), Case())
    assert dict(os.environ) == before


def test_a_library_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no such file"):
        Life(Subject(library=tmp_path / "mesibo_mod_gone.so"))


def test_a_life_of_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no such file"):
        live(Subject(library=tmp_path / "mesibo_mod_gone.so"), Case())


def test_who_refuses_is_told_from_who_cannot_be_loaded(built: Built, tmp_path: Path) -> None:
    def error(path: Path) -> LoadError:
        with pytest.raises(LoadError) as caught:
            Life(Subject(library=path))
        return caught.value

    assert refuses(error(built("refuse")))
    assert not refuses(error(built("missing_symbol")))
    assert not refuses(error(tmp_path / "mesibo_mod_gone.so"))


def test_what_an_init_writes_over_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "signs.c"
    source.write_text(
        '#include "module.h"\n'
        "mesibo_int_t mesibo_module_signs_init(mesibo_int_t version, mesibo_module_t *mod,\n"
        "                                      mesibo_uint_t len) {\n"
        "    MESIBO_MODULE_SANITY_CHECK(mod, version, len);\n"
        '    if (mesibo_util_getconfig(mod, "sign") != NULL)\n'
        "        mod->signature = 1;\n"
        "    return MESIBO_RESULT_OK;\n}\n"
    )
    output = tmp_path / "mesibo_mod_signs.so"
    signs = Subject(library=mesibo_abi.build(source, output=output, revision="sdk2020"))
    live(signs, Case())
    with pytest.raises(StructChanged) as caught:
        live(signs, Case(config={"sign": "1"}))
    crash = crash_of(caught.value)
    assert crash.kind == "StructChanged"
    assert crash.where == "init expected 0xaa55773388ff1100 at byte 112 (signature)"
    assert crash.report.startswith("module 'signs' overwrote its struct in its init\n")


def test_a_library_is_compiled_once() -> None:
    assert library("late") is library("late")
