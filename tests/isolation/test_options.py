"""What `load` takes of isolation, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mesibo_abi import (
    Host,
    InputError,
    LoadError,
    Message,
    Module,
    ModuleCrashed,
    Restart,
    Result,
)
from mesibo_abi.isolation import worker
from tests.conftest import Built
from tests.tools import needs


class Passing(Module):
    """Passes."""

    def on_message(self, message: Message) -> Result:
        return Result.PASS


@pytest.mark.parametrize("parameter", ["deadline", "init_deadline"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "5", True])
def test_deadlines_that_are_none(host: Host, parameter: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        host.load("m", "m.so", isolated=True, **{parameter: value})  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"module 'm' cannot have {parameter}={value!r}\n"
        f"  expected seconds above 0 and up to 1e+09, got {value!r}\n"
        "  hint: pass a number of seconds, such as 2.5"
    )


@pytest.mark.parametrize("value", ["sometimes", 3, None, (3, 60)])
def test_a_policy_that_is_none(host: Host, value: object) -> None:
    with pytest.raises(InputError) as caught:
        host.load("m", "m.so", isolated=True, restart=value)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"module 'm' cannot be loaded with restart={value!r}\n"
        f'  expected "never", "always" or a Restart, got {value!r}\n'
        "  hint: for three times a minute pass Restart(3, 60)"
    )


@pytest.mark.parametrize("count", [0, -1, 1.5, 1 << 21, True])
def test_a_count_of_restarts_that_is_none(count: object) -> None:
    with pytest.raises(InputError) as caught:
        Restart(count, 60)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"Restart cannot have count={count!r}\n"
        f"  expected a number from 1 to 1048576, got {count!r}\n"
        '  hint: pass how often; restart="never" is for 0'
    )


def test_seconds_of_restarts_that_are_none() -> None:
    with pytest.raises(InputError, match=r"Restart cannot have seconds=0"):
        Restart(1, 0)


@pytest.mark.parametrize("option", ["hold_gil", "thread_safe", "zero_copy"])
def test_options_that_do_not_go_together(host: Host, option: str) -> None:
    with pytest.raises(InputError) as caught:
        host.load("m", "m.so", isolated=True, **{option: True})  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"module 'm' cannot be loaded with isolated and {option}\n"
        f"  expected one of the two, got isolated=True and {option}=True, which says how a module "
        "runs in this process\n"
        f"  hint: leave out {option} or isolated"
    )


def test_python_is_not_isolated(host: Host, tmp_path: Path) -> None:
    script = tmp_path / "m.py"
    script.write_text("from mesibo_abi import Module\nclass M(Module): pass\n")
    for target in (Passing, Passing(), script):
        with pytest.raises(InputError) as caught:
            host.load("m", target, isolated=True)
        assert str(caught.value) == (
            "module 'm' cannot be loaded with isolated\n"
            "  expected a library, got a module in Python, which the worker has no Python for\n"
            "  hint: leave out isolated: what a Python module raises is in the verdict anyway"
        )
    assert host.modules == ()
    assert host.load("m", Passing).name == "m"


def test_a_program_that_is_not_there(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PROGRAM", Path("/nowhere/worker"))
    with pytest.raises(LoadError, match="expected the worker program /nowhere/worker, there is"):
        host.load("m", "m.so", isolated=True)


@needs("cc")
def test_a_program_that_ends_at_once(
    host: Host, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has run of the module: it has not come through its init."""
    monkeypatch.setattr(worker, "PROGRAM", Path(shutil.which("true") or ""))
    with pytest.raises(LoadError) as caught:
        host.load("m", built("echo"), entry_point="mesibo_module_echo_init", isolated=True)
    assert isinstance(caught.value.__cause__, ModuleCrashed)
    assert caught.value.__cause__.callback == "init"


@needs("cc")
def test_what_a_module_says_of_itself(host: Host, built: Built) -> None:
    module = host.load("events", built("events"), isolated=True)
    here = host.load("here", built("events"))
    assert (module.isolated, here.isolated) == (True, False)
    for name in ("revision", "version", "flags", "declared_name", "callbacks", "crashes"):
        assert getattr(module, name) == getattr(here, name)


@needs("cc")
def test_no_deadline(host: Host, built: Built) -> None:
    library = built("echo")
    host.load("echo", library, isolated=True, deadline=None, init_deadline=None)
    assert host.process(Message("x", to="bob")).sent[0].payload == b"x"
