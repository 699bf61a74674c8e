"""Strategies of Hypothesis for whatever comes to a module: messages, params, configurations,
events, and what servers answer. Each makes what the contract allows, much of it at the edges where
modules break; keywords narrow it. They need Hypothesis, which is the extra `fuzz`.
"""

from __future__ import annotations

from ..errors import Error

try:
    import hypothesis as _hypothesis  # noqa: F401, only whether it is there
except ImportError as error:
    raise Error(
        "mesibo_abi.strategies cannot be imported",
        detail="expected Hypothesis to be installed, it is not",
        hint="pip install 'mesibo_abi[fuzz]'",
    ) from error

from ..vocabulary import Vocabulary, Words
from .cases import cases, replies
from .configs import configs
from .events import events, kinds_of
from .http import http_responses
from .messages import messages, params
from .payloads import addresses, payloads

__all__ = [
    "Vocabulary",
    "Words",
    "addresses",
    "cases",
    "configs",
    "events",
    "http_responses",
    "kinds_of",
    "messages",
    "params",
    "payloads",
    "replies",
]
