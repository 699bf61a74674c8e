"""Marks for tests that run tools of the system."""

from __future__ import annotations

import shutil

import pytest


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skips a test, by name of the tools, where one of them is not on the PATH."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing or tools)}")
