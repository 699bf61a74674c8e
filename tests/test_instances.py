"""Modules in Python that a host does not take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import Host, LoadError, Module


def refused(host: Host, target: Any) -> LoadError:
    with pytest.raises(LoadError) as caught:
        host.load("m", target)
    assert host.modules == ()
    return caught.value


@pytest.mark.parametrize(
    ("target", "found", "hint"),
    [
        (3, "int", "subclass mesibo_abi.Module"),
        (b"/m.so", "bytes", "decode the path with os.fsdecode"),
        (object, "object", "subclass mesibo_abi.Module"),
    ],
)
def test_what_is_none(host: Host, target: object, found: str, hint: str) -> None:
    assert str(refused(host, target)) == (
        "cannot load module 'm'\n"
        f"  expected a path or a mesibo_abi.Module, got {found}\n"
        f"  hint: {hint}"
    )


@pytest.mark.parametrize("flags", [-1, 2**64, "x", None, 1.0], ids=repr)
def test_flags_that_no_word_holds(host: Host, flags: Any) -> None:
    class Flagged(Module):
        pass

    Flagged.flags = flags
    assert str(refused(host, Flagged)) == (
        "cannot load module 'm'\n"
        f"  expected `flags` of 0 to 2**64 - 1, got {flags!r}\n"
        "  hint: it is the word `flags` of the struct: set a number, or leave it out"
    )


class Failing(Module):
    error: BaseException = ValueError("no key")

    def __init__(self) -> None:
        raise self.error


HINT = "  hint: do in `init` what may fail; where `__init__` wants arguments, pass an instance"


def test_one_that_cannot_be_made(host: Host) -> None:
    error = refused(host, Failing)
    assert str(error) == (
        "cannot load module 'm'\n"
        "  expected Failing() to make an instance, it raised ValueError: no key\n" + HINT
    )
    assert error.__cause__ is Failing.error


def test_one_that_wants_arguments(host: Host) -> None:
    class Wanting(Module):
        def __init__(self, key: str) -> None:
            self.key = key

    assert "Wanting() to make an instance, it raised TypeError: " in str(refused(host, Wanting))
    assert host.load("m", Wanting("key")).name == "m"


@pytest.mark.parametrize("what", [SystemExit(0), GeneratorExit()])
def test_one_that_exits(host: Host, monkeypatch: pytest.MonkeyPatch, what: BaseException) -> None:
    monkeypatch.setattr(Failing, "error", what)
    assert refused(host, Failing).__cause__ is what


def test_an_interrupt_is_for_the_caller(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Failing, "error", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        host.load("m", Failing)


def test_one_of_a_script(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text(
        "from mesibo_abi import Module\n"
        "class M(Module):\n    def __init__(self):\n        self.log('too early')\n"
    )
    error = refused(host, path)
    assert str(error) == (
        f"cannot load module 'm' from {path}\n"
        "  expected M() to make an instance, it raised Error: M called a host function before it "
        "was loaded\n" + HINT
    )
    assert error.path == path
