"""ModuleMachine: whole lives, and what it finds in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidDefinition
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

import mesibo_abi
from mesibo_abi import InputError, LoadError, Message, ModuleCrashed, ModuleError, Revision
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case, Reload
from mesibo_abi.fuzzing.engines import open_engine
from mesibo_abi.fuzzing.subject import Subject
from mesibo_abi.machine import ModuleMachine
from mesibo_abi.strategies import configs, events
from tests.conftest import Built
from tests.fuzzing.libraries import library


def run(machine: type[ModuleMachine], examples: int = 60, **more: Any) -> None:
    """The same lives each time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            machine.TestCase.settings,
            max_examples=examples,
            stateful_step_count=12,
            derandomize=True,
            database=None,
            **more,
        ),
    )


def found(
    machine: type[ModuleMachine], *, small: bool = False, several: bool = False
) -> list[ModuleCrashed]:
    """What it finds, each with the life that ends in it in its notes, which is made `small`. For
    one in most tests, as each step towards that is a life."""
    phases = [Phase.generate, Phase.shrink] if small or several else [Phase.generate]
    with pytest.raises((ModuleError, ExceptionGroup)) as caught:
        run(machine, examples=200, phases=phases, report_multiple_bugs=several)
    error: Any = caught.value
    return list(getattr(error, "exceptions", [error]))


def lines_of(error: BaseException) -> list[str]:
    """The steps of the life that it ends."""
    notes = "\n".join(error.__notes__)
    return re.findall(r"^state\.(\w+)", notes, re.M)


@pytest.mark.slow
def test_it_finds_what_is_wrong_only_after_three_logins_and_a_reload() -> None:
    (error,) = found(ModuleMachine.of(library("relapse")), small=True)
    assert error.callback in ("on_login", "cleanup")
    steps = lines_of(error)
    assert steps[0] == "begins"
    assert steps.count("happens") >= 3
    # Where something has happened before it: which steps Hypothesis leaves out hangs on what it
    # draws first, and that on what it has read in the files around it.
    assert "happens reloads" in " ".join(steps)
    assert "reloads reloads" not in " ".join(steps)


@pytest.mark.slow
def test_it_finds_an_answer_that_comes_too_late_and_makes_the_life_small() -> None:
    class Late(ModuleMachine):
        module = library("late")

        @classmethod
        def events(
            cls, revision: Revision, kinds: tuple[EventKind, ...]
        ) -> st.SearchStrategy[Event]:
            said = st.sampled_from([b"hello", b"bye"]).map(lambda text: Message(text, to="bob"))
            return said.map(lambda message: Event(EventKind.MESSAGE, message))

    (error,) = found(Late, small=True)
    steps = lines_of(error)
    assert steps[:3] == ["begins", "happens", "happens"]
    assert len(steps) <= 5  # what is open ends with its life, if nothing answers it
    assert error.signature.split()[1] == "on_data"


@pytest.mark.slow
def test_it_keeps_two_bugs_apart() -> None:
    class Pair(ModuleMachine):
        module = library("pair")

        @classmethod
        def events(
            cls, revision: Revision, kinds: tuple[EventKind, ...]
        ) -> st.SearchStrategy[Event]:
            return events(kinds=["message"], max_size=16, from_="", revision=revision)

    errors = found(Pair, several=True)
    assert len(errors) == 2
    assert len({type(error) for error in errors}) == 2
    assert {error.signature.split()[1] for error in errors} == {"on_message"}
    assert len({error.signature for error in errors}) == 2


def test_it_finds_what_comes_in_on_a_socket() -> None:
    (error,) = found(ModuleMachine.of(library("line")))
    assert error.callback == "a callback of a socket"
    assert "receives" in lines_of(error)


def test_it_finds_what_a_synchronous_request_brings() -> None:
    (error,) = found(ModuleMachine.of(library("waits")))
    assert error.signature.startswith("SIGABRT on_data waits.c:")
    assert "prepares_an_answer" in lines_of(error)


def test_it_says_words_of_the_module_and_of_its_items() -> None:
    (error,) = found(ModuleMachine.of(library("secret")))
    assert "Message(b'open sesame'" in "\n".join(error.__notes__)
    machine = ModuleMachine.of(library("secret"), config={"word": "marzipan 77"})
    (error,) = found(machine)
    assert "Message(b'marzipan 77'" in "\n".join(error.__notes__)


@pytest.mark.parametrize("name", ["echo", "everything", "events"])
def test_a_sound_module_lives_on(built: Built, name: str) -> None:
    run(ModuleMachine.of(built(name)), examples=20)


@pytest.mark.parametrize("name", ["socket_calls", "services", "fcgi_calls", "http_calls"])
def test_every_kind_of_request_is_played(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    output = tmp_path_factory.mktemp(name) / f"mesibo_mod_{name}.so"
    source = Path(__file__).parent / "modules" / "sdk2020" / f"{name}.c"
    run(ModuleMachine.of(mesibo_abi.build(source, output=output, revision="sdk2020")), examples=20)


def test_rules_and_invariants_can_be_added(built: Built) -> None:
    seen: list[str] = []

    class Echo(ModuleMachine):
        module = built("echo")

        @rule(text=st.binary(min_size=1, max_size=8))
        def asks(self, text: bytes) -> None:
            assert self.life is not None
            self.verdict = self.life.do(
                Event(EventKind.MESSAGE, Message(text, to="echo", from_="alice"))
            )
            seen.append(self.loaded.name)

        @invariant()
        def it_sends_back_what_it_gets(self) -> None:
            if self.verdict is not None:
                payloads = {message.payload for message in self.verdict.sent}
                assert self.verdict.message is not None
                assert payloads <= {self.verdict.message.payload}

    run(Echo, examples=20)
    assert set(seen) == {"echo"}


def test_an_invariant_that_does_not_hold_is_the_failure(built: Built) -> None:
    class Quiet(ModuleMachine):
        module = built("echo")

        @invariant()
        def it_never_sends(self) -> None:
            assert self.sent == []

    with pytest.raises(AssertionError) as caught:
        run(Quiet, examples=200)
    assert not isinstance(caught.value, ModuleError)


def test_items_that_are_drawn_may_be_refused() -> None:
    words = st.sampled_from(["x" * 65, "a word that nobody says by chance"])
    items = configs({"word": words}, complete=True, usual=True)

    class Narrow(ModuleMachine):
        module = library("secret")
        config = items

        @classmethod
        def events(
            cls, revision: Revision, kinds: tuple[EventKind, ...]
        ) -> st.SearchStrategy[Event]:
            return events(kinds=["message"], max_size=3, revision=revision)

    run(Narrow, examples=20)


def test_items_that_are_drawn_may_not_all_be_refused() -> None:
    class Never(ModuleMachine):
        module = library("secret")
        config = configs({"word": st.text("xyz", min_size=65)}, complete=True, usual=True)

    with pytest.raises(LoadError, match="to return 0, it returned -1"):
        run(Never, examples=100)


def test_items_that_are_given_may_not() -> None:
    with pytest.raises(LoadError, match="to return 0, it returned -1"):
        run(ModuleMachine.of(library("secret"), config={"word": "x" * 65}))


def test_nor_those_that_are_drawn_by_a_method() -> None:
    class Narrow(ModuleMachine):
        module = library("secret")

        @classmethod
        def configs(cls) -> st.SearchStrategy[dict[str, str]]:
            return st.sampled_from([{"word": "x" * 65}, {}])

        @classmethod
        def events(
            cls, revision: Revision, kinds: tuple[EventKind, ...]
        ) -> st.SearchStrategy[Event]:
            return events(kinds=["message"], max_size=3, revision=revision)

    run(Narrow, examples=20)


def test_a_library_that_cannot_be_loaded_is_an_error_whatever_is_drawn(
    built: Built, tmp_path: Path
) -> None:
    drawn = configs({"log": "3"})
    with pytest.raises(LoadError, match=r"nowhere\.so: no such file"):
        run(ModuleMachine.of(tmp_path / "nowhere.so", config=drawn))
    with pytest.raises(LoadError, match="every symbol to be defined"):
        run(ModuleMachine.of(built("missing_symbol"), config=drawn))


def test_its_words_are_several() -> None:
    with pytest.raises(TypeError, match=r"words is of the wrong type: .* pass a list, \['who'\]"):
        run(ModuleMachine.of(library("secret"), words="who"))


def test_that_it_refuses_a_reload_is_its_right(tmp_path: Path) -> None:
    source = tmp_path / "once.c"
    source.write_text(
        '#include "module.h"\n'
        "static int lives;\n"
        "static int on_call(mesibo_module_t *mod) {\n"
        "    (void)mod;\n    return MESIBO_RESULT_PASS;\n}\n"
        "int mesibo_module_once_init(mesibo_module_t *mod, mesibo_uint_t len) {\n"
        "    mod->on_call = on_call;\n"
        "    return lives++ > 0 || len != sizeof *mod ? -1 : 0;\n}\n"
    )
    made = mesibo_abi.build(source, output=tmp_path / "mesibo_mod_once.so")
    reloads: list[bool] = []

    class Once(ModuleMachine):
        module = made

        def teardown(self) -> None:
            assert self.life is not None
            reloads.append(self.life.refused is not None)
            super().teardown()

    run(Once, examples=20)
    assert any(reloads)
    with open_engine(Subject(library=made)) as engine:
        assert engine.replay(Case((Reload(), Event(EventKind.CALL), Reload()))) is None


def test_a_machine_without_a_module_says_so() -> None:
    with pytest.raises(InputError) as caught:
        run(ModuleMachine)
    assert str(caught.value) == (
        "ModuleMachine has no module\n"
        "  expected the attribute `module`, the path of a library, found None\n"
        '  hint: make a subclass with module = "mesibo_mod_echo.so", or ModuleMachine.of(path)'
    )


def test_of_knows_its_attributes() -> None:
    with pytest.raises(TypeError, match="got modul=, which no machine has: expected one of module"):
        ModuleMachine.of("x.so", modul="y.so")
    made = ModuleMachine.of("mesibo_mod_x.so", revision="sdk2020")
    assert (made.__name__, made.revision) == ("ModuleMachine_mesibo_mod_x", "sdk2020")


def test_it_is_a_test_case_for_unittest_and_pytest(built: Built) -> None:
    case = ModuleMachine.of(built("echo")).TestCase
    case.settings = settings(case.settings, max_examples=3, stateful_step_count=3)
    case("runTest").runTest()


def test_rules_still_need_to_be_rules(built: Built) -> None:
    with pytest.raises(InvalidDefinition):

        class Wrong(ModuleMachine):
            module = built("echo")

            @rule()
            @invariant()
            def both(self) -> None:
                """Hypothesis refuses it."""
