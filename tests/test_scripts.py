"""Python files as modules."""

from __future__ import annotations

from pathlib import Path

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
