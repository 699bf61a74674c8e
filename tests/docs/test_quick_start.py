"""The README's Quick start: two blocks of one line. Here the part that runs the examples; the whole
of it, with a virtual environment, is tried from a clean checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.docs.blocks import read_blocks
from tests.docs.running import environment
from tests.tools import needs

ROOT = Path(__file__).parents[2]
BLOCKS = [block for block in read_blocks(ROOT / "README.md") if block.section == "Quick start"]
RUN = "mesibo-abi run "


def test_is_two_commands_of_one_line() -> None:
    commands = [block for block in BLOCKS if block.language == "sh"]
    assert [block.text.count("\n") for block in commands] == [1, 1]
    assert commands[0].text.startswith("python3 -m venv .venv && .venv/bin/pip install .")
    assert commands[1].text.endswith(".venv/bin/pytest -n 4\n")
    assert {block.language for block in BLOCKS} <= {"sh", "text"}


def test_is_the_first_section_of_the_readme() -> None:
    headings = [line for line in (ROOT / "README.md").read_text().splitlines() if line[:1] == "#"]
    assert headings[1] == "## Quick start"


@needs("bash", "cc", "c++")
def test_the_first_command_prints_verdicts(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.so"))
    command = BLOCKS[0].text[BLOCKS[0].text.index(RUN) :]
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=tmp_path,
        # Nothing listens there: the translation service is down.
        env={**environment(tmp_path / "bin"), "TRANSLATOR_URL": "http://127.0.0.1:1/translate"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    decided = {
        line["id"]: (line["result"], line["by"]) for line in lines if line.get("of") == "message"
    }
    assert decided[1] == ("PASS", None)
    assert decided[2] == ("CONSUMED", "filter")
    assert decided[3] == ("CONSUMED", "chatbot")
    assert decided[4] == ("CONSUMED", "translator")
    (late,) = [line for line in lines if line.get("event") == "sent"]
    assert late["to"] == "alice"
    assert late["message"].endswith("the translation service is down.")
