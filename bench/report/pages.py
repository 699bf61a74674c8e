"""Rewrites the tables in pages, and their picture, from the files that runs have left.

    python -m mesibo_abi.bench.report.pages FOLDER PAGE...

FOLDER has the files of the runs, python*.json, and gets the picture. In a PAGE what stands between
`<!-- benchmark: NAME -->` and `<!-- end of benchmark: NAME -->` is replaced by the table NAME:
reaches, gaps, figures or machine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...errors import InputError
from ..results import Report, read
from . import markdown, picture
from .gaps import gaps

PICTURE = "paths.svg"

TABLES: Mapping[str, Callable[[Sequence[Report]], str]] = {
    "reaches": markdown.reaches,
    "gaps": gaps,
    "figures": markdown.figures,
    "machine": markdown.machine,
}

_REGION = re.compile(
    r"(?P<begin><!-- benchmark: (?P<name>\w+) -->\n).*?"
    r"(?P<end><!-- end of benchmark: (?P=name) -->)",
    re.DOTALL,
)


def reports_in(folder: Path) -> list[Report]:
    """In the order of the versions of Python. Raises InputError where there is none."""
    found = [read(path) for path in folder.glob("python*.json")]
    if not found:
        raise InputError(
            f"{folder}: has no report of the benchmark",
            detail="expected files such as python3.11.json",
            hint=f"make one with `mesibo-abi bench --output {folder}`",
        )
    return sorted(found, key=lambda r: [int(part) for part in r.machine.python.split(".")[:2]])


def rewrite(text: str, reports: Sequence[Report]) -> str:
    """The text of a page with its tables anew."""

    def region(found: re.Match[str]) -> str:
        return f"{found['begin']}\n{TABLES[found['name']](reports)}\n{found['end']}"

    return _REGION.sub(region, text)


def main(arguments: Sequence[str]) -> None:
    """Rewrites the pages."""
    folder, *pages = map(Path, arguments)
    reports = reports_in(folder)
    for page in pages:
        page.write_text(rewrite(page.read_text(), reports))
    if (absent := picture.absent()) is not None:
        print(absent, file=sys.stderr)
    else:
        picture.draw(reports, folder / PICTURE)


if __name__ == "__main__":
    main(sys.argv[1:])
