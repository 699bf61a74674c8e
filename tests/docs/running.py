"""Runs the blocks of a document, in order, in a folder of their own."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import mesibo_abi
from mesibo_abi import config
from tests.docs.blocks import LANGUAGES, Block, output_of

SECONDS = 120


def environment(bin_folder: Path) -> dict[str, str]:
    """For commands of the documents: `mesibo-abi`, `python` and `pytest` are those under test."""
    bin_folder.mkdir(exist_ok=True)
    for name, arguments in {
        "mesibo-abi": "-m mesibo_abi.cli",
        "python": "",
        "python3": "",
        "pytest": "-m pytest",
    }.items():
        command = bin_folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        command.chmod(0o755)
    package = Path(mesibo_abi.__file__).parent.parent
    return {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }


@dataclass
class Runner:
    """Tries blocks, one after the other. `folder` is where they run."""

    folder: Path
    env: dict[str, str]
    namespace: dict[str, object] = field(default_factory=lambda: {"__name__": "document"})

    def run_all(self, blocks: list[Block]) -> None:
        """Fails with the document's name and line for the first block that does not do what it
        says."""
        for index, block in enumerate(blocks):
            printed = self.run(block)
            wanted = output_of(blocks, index)
            if wanted is not None:
                same = doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS)
                assert same, f"{block.where} prints\n{printed}\nand is said to print\n{wanted}"

    def run(self, block: Block) -> str:
        """Returns what it printed."""
        assert block.language in LANGUAGES, f"{block.where}: nobody runs {block.language!r}"
        if block.file_name is not None:
            (self.folder / block.file_name).write_text(block.text)
        if block.language == "sh":
            return self._shell(block)
        if block.language == "python" and block.file_name is None:
            return self._python(block)
        if block.language in ("c", "cpp"):
            self._compile(block)
        elif block.language == "conf":
            config.parse(block.text)
        return ""

    def _shell(self, block: Block) -> str:
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        words = f"{block.where}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, words
        return done.stdout

    def _python(self, block: Block) -> str:
        # Lines of the document, so that a traceback names the right one.
        code = compile("\n" * block.line + block.text, str(block.path), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.namespace)
        return printed.getvalue()

    def _compile(self, block: Block) -> None:
        compiler = ["cc", "-x", "c"] if block.language == "c" else ["c++", "-x", "c++"]
        flags = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fsyntax-only"]
        header = ["-I", mesibo_abi.get_include(), "-include", "module.h"]
        done = subprocess.run(
            [*compiler, *flags, *header, "-"],
            input=block.text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{block.where} does not compile\n{done.stderr}"
