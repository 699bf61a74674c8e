"""docs/check.md names all checks there are, in the words of the command."""

from __future__ import annotations

import re
from pathlib import Path

from mesibo_abi.checking.catalogue import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "check.md"


def test_the_table_is_that_of_the_command() -> None:
    rows = re.findall(
        r"^\| `([a-z]+\.[a-z0-9-]+)` \| (.*) \|$", PAGE.read_text(), flags=re.MULTILINE
    )
    assert rows == [(check.name, check.says) for check in CHECKS]
