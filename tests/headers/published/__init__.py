"""What each revision of the module ABI is, typed from its description and not from the headers:
an independent table to hold them against."""

from __future__ import annotations

from mesibo_abi.types import Revision

from .common import STATES, Published
from .doc2019 import DOC2019
from .sdk2019 import SDK2019
from .sdk2020 import SDK2020

PUBLISHED: dict[Revision, Published] = {
    Revision.DOC2019: DOC2019,
    Revision.SDK2019: SDK2019,
    Revision.SDK2020: SDK2020,
}

__all__ = ["PUBLISHED", "STATES", "Published"]
