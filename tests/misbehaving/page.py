"""docs/misbehaviours.md: written from what was observed, and read again.

python -m tests.misbehaving.page docs/misbehaviours.md
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.misbehaving.catalogue import ALL, GROUPS, Misbehaviour
from tests.misbehaving.observing import Observed, in_words, observe, said

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "misbehaviours.md"
_BEGIN = "<!-- from here on: make misbehaviours -->\n"
_HEAD = (
    "| misbehaviour | in-process | isolated | check | what is reported |\n"
    "| --- | --- | --- | --- | --- |\n"
)
_NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """What the page says of one."""

    misbehaviour: str
    in_process: str
    isolated: str
    check: str
    reported: str

    def __str__(self) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in astuple(self)) + " |"


def row_of(what: Misbehaviour, seen: Observed) -> Row:
    """What it should say."""
    source = os.path.relpath(what.path, PAGE.parent)
    return Row(
        f"[`{what.name}`]({source}): {what.says}",
        seen.here,
        in_words(seen.there),
        ", ".join(f"`{check}`" if "." in check else check for check in seen.checks) or _NOTHING,
        said(seen.there, what) or _NOTHING,
    )


def read_rows(page: Path) -> dict[str, Row]:
    """By the names of the misbehaviours."""
    rows = {}
    for line in page.read_text().partition(_BEGIN)[2].splitlines():
        found = re.match(r"\| \[`(\w+)`\]", line)
        if found is not None:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            rows[found[1]] = Row(*(cell.strip().replace("\\|", "|") for cell in cells))
    return rows


def write(page: Path, seen: Mapping[str, Observed]) -> None:
    """Anew, all behind the mark."""
    parts = [page.read_text().partition(_BEGIN)[0], _BEGIN]
    for title, group in GROUPS.items():
        parts.append(f"\n## {title}\n\n{_HEAD}")
        parts += [f"{row_of(each, seen[each.name])}\n" for each in group]
    page.write_text("".join(parts))


def main() -> None:
    """Observes all of them, which takes a minute, and writes the page."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(sys.argv[1]), observe(ALL, Path(folder), at_once=2))


if __name__ == "__main__":
    main()
