"""Libraries that a host must refuse to load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import Host, LoadError, Message, Result


def refused(host: Host, path: Path, **options: Any) -> LoadError:
    """Loads what must be refused, and sees that the host can be used as before."""
    with pytest.raises(LoadError) as caught:
        host.load("module", path, **options)
    assert host.modules == ()
    assert host.process(Message()).result is Result.PASS
    return caught.value
