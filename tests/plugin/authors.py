"""An author's folder of tests, and pytest run on it in a process of its own."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[1] / "modules"
MISBEHAVING = MODULES / "misbehaving"

HEAD = f"""
import functools
import pathlib
import pytest
from mesibo_abi import *

MODULES = pathlib.Path({str(MODULES)!r})
BAD = MODULES / "misbehaving"

# A machine that is busy is no module that hangs.
@pytest.fixture
def mesibo_module(mesibo_module):
    return functools.partial(mesibo_module, deadline=60, init_deadline=60)
"""


class Author:
    """Writes tests, and runs them as an author does."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.folder = pytester.path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def run(self, tests: str, *arguments: str, head: str = HEAD) -> pytest.RunResult:
        self.write("test_it.py", head + textwrap.dedent(tests))
        return self._pytester.runpytest_subprocess(
            "-p", "no:cacheprovider", "-rA", *arguments, timeout=240
        )

    def script(self, path: Path) -> pytest.RunResult:
        """Runs a file of Python."""
        return self._pytester.run(sys.executable, "-P", path, timeout=240)


def shown(result: pytest.RunResult) -> str:
    """What was printed, without the margin of an error's lines."""
    return re.sub(r"^E {3}", "", result.stdout.str(), flags=re.MULTILINE)
