"""Python files as modules."""

from __future__ import annotations

import gc
import pickle
import sys
import typing
import weakref
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import Host, LoadError, Message, Result

SCRIPT = """
import dataclasses
import mesibo_abi
from mesibo_abi import Module

@dataclasses.dataclass
class Word:
    text: str

class Filter(mesibo_abi.Module):
    count = 0

    def on_message(self, message):
        type(self).count += 1
        self.log(f"{Word('seen')} {self.count}")
        return mesibo_abi.Result.CONSUMED
"""


def test_a_script(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "filter.py"
    path.write_text(SCRIPT)
    module = host.load("filter", path)
    verdict = host.process(Message())
    assert (verdict.result, verdict.by) == (Result.CONSUMED, module)
    assert [record.text for record in verdict.logs] == ["Word(text='seen') 1"]
    assert module.path == path


def test_a_script_loaded_again_is_run_anew(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "filter.py"
    path.write_text(SCRIPT)
    first = host.load("filter", path)
    host.process(Message())
    first.close()
    path.write_text(SCRIPT.replace("seen", "seen anew"))
    host.load("filter", path)
    (record,) = host.process(Message()).logs
    assert record.text == "Word(text='seen anew') 1"


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("", "expected one subclass of mesibo_abi.Module in it, found none"),
        (
            "from mesibo_abi import Module\nclass B(Module): pass\nclass A(Module): pass",
            "expected one subclass of mesibo_abi.Module in it, found A, B",
        ),
        ("1/0", "expected Python code that runs, it raised ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", "expected Python code that runs, it raised SystemExit: 0"),
        ("raise GeneratorExit", "expected Python code that runs, it raised GeneratorExit: "),
    ],
)
def test_a_script_that_is_no_module(host: Host, tmp_path: Path, script: str, detail: str) -> None:
    path = tmp_path / "filter.py"
    path.write_text(script)
    with pytest.raises(LoadError) as caught:
        host.load("filter", path)
    first, second, hint = str(caught.value).split("\n")
    assert first == f"cannot load module 'filter' from {path}"
    assert second == f"  {detail}"
    assert hint.startswith("  hint: ")


def test_a_script_that_is_not_there(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "filter.py"
    with pytest.raises(LoadError) as caught:
        host.load("filter", path)
    assert str(caught.value) == (
        f"cannot load module 'filter' from {path}\n"
        "  expected a Python file, there is no such file\n"
        "  hint: give the path of a file that defines a subclass of mesibo_abi.Module"
    )


def test_an_interrupt_in_a_script_is_no_load_error(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "filter.py"
    path.write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        host.load("filter", path)
    assert host.modules == ()


def test_a_second_name_of_the_class_is_no_second_class(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "filter.py"
    path.write_text(SCRIPT + "\nMain = Filter\n")
    assert type(host.load("filter", path).target).__name__ == "Filter"


# ---- What a run leaves in sys.modules -----------------------------------------------------------


def scripts() -> list[str]:
    return [name for name in sys.modules if name.startswith("mesibo_abi_script_")]


TYPED = """
from __future__ import annotations
import dataclasses
from mesibo_abi import Module

@dataclasses.dataclass
class Word:
    next: Word | None

class Filter(Module):
    word = Word(None)
"""


def test_until_it_is_closed_what_belongs_to_its_classes_is_found(
    host: Host, tmp_path: Path
) -> None:
    path = tmp_path / "filter.py"
    path.write_text(TYPED)
    target: Any = host.load("filter", path).target
    assert typing.get_type_hints(type(target.word)) == {"next": type(target.word) | None}
    assert pickle.loads(pickle.dumps(target.word)) == target.word


@pytest.mark.parametrize("by", ["module", "host"])
def test_when_it_is_closed_nothing_holds_it(tmp_path: Path, by: str) -> None:
    path = tmp_path / "filter.py"
    path.write_text(SCRIPT)
    with Host() as host:
        module = host.load("filter", path)
        namespace = weakref.ref(sys.modules[type(module.target).__module__])
        other = host.load("other", path)
        assert len(scripts()) == 2
        (module if by == "module" else host).close()
        assert scripts() == [type(other.target).__module__] * (by == "module")
    gc.collect()
    assert namespace() is None


@pytest.mark.parametrize(
    "script",
    [
        "1/0",
        "raise KeyboardInterrupt",
        "",
        TYPED + "class Another(Module): pass",
        TYPED + "    def init(self): return 1",
        TYPED + "    def init(self): raise KeyboardInterrupt",
    ],
)
def test_of_a_script_that_is_not_loaded_nothing_stays(
    host: Host, tmp_path: Path, script: str
) -> None:
    path = tmp_path / "filter.py"
    path.write_text(script)
    with pytest.raises((LoadError, KeyboardInterrupt)):
        host.load("filter", path)
    assert scripts() == []


def test_a_script_whose_cleanup_fails_is_let_go_as_well(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "filter.py"
    path.write_text(TYPED + "    def cleanup(self): 1/0")
    module = host.load("filter", path)
    with pytest.raises(ZeroDivisionError):
        module.close()
    assert scripts() == []
