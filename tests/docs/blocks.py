"""The fenced blocks of a Markdown document, and how each is tried.

    sh         run by bash -e in the document's folder
    python     executed, one namespace a document
    c, cpp     compiled with the header, without a warning allowed
    conf       read as a mesibo.conf
    text       a diagram; or the output of the block above, where nothing but blank lines or a line
               that ends in "prints:" stands between the two. `...` in it stands for anything.

A block whose first line is a comment that names a file, such as /* hello.c */ or # hello.py, is
saved under that name first. A Python block that is saved is not executed: some command does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = frozenset({"sh", "python", "c", "cpp", "conf", "text"})

_FENCE = re.compile(r"^```(?P<language>\S*)(?P<rest>.*)$")
_FILE_NAME = re.compile(r"^(?:/\*|//|#) (?P<name>[\w.-]+\.\w+)(?: \*/)?$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `line` is that of its opening fence, `before` the last line of prose above
    it (empty: none since the block before), `section` the heading that it stands under."""

    path: Path
    line: int
    language: str
    text: str
    before: str
    section: str

    @property
    def where(self) -> str:
        return f"{self.path.name}:{self.line}"

    @property
    def file_name(self) -> str | None:
        """The name that its first line gives it."""
        found = _FILE_NAME.match(self.text.partition("\n")[0])
        return found["name"] if found else None


def read_blocks(path: Path) -> list[Block]:
    """The fenced blocks of a document, in order. An unclosed fence is an AssertionError."""
    blocks: list[Block] = []
    section = before = language = ""
    opened = 0
    text: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if opened and line.rstrip() == "```":
            blocks.append(Block(path, opened, language, _joined(text), before, section))
            opened, before, text = 0, "", []
        elif opened:
            text.append(line)
        elif fence:
            opened, language = number, fence["language"]
            assert not fence["rest"].strip(), f"{path.name}:{number}: one word behind the fence"
        elif line.startswith("#"):
            section = line.lstrip("# ").rstrip()
            before = line
        elif line.strip():
            before = line.rstrip()
    assert not opened, f"{path.name}:{opened}: the fence is not closed"
    return blocks


def output_of(blocks: list[Block], index: int) -> str | None:
    """What the block is said to print: the text block right behind it, if there is one."""
    if index + 1 == len(blocks):
        return None
    following = blocks[index + 1]
    is_output = following.language == "text" and (
        not following.before or following.before.endswith("prints:")
    )
    return following.text if is_output else None


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
