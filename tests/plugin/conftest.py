"""The author whose tests are tried."""

from __future__ import annotations

import pytest

from tests.plugin.authors import Author


@pytest.fixture
def author(pytester: pytest.Pytester) -> Author:
    return Author(pytester)
