"""Whole lives of a module, and what the other sides of its requests say meanwhile."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..fuzzing.case import Case, Reload, Reply
from ..services.http_types import HttpResponse
from .events import events
from .http import http_responses
from .vocabulary import NOTHING, Words

_PIECES = (0, 0, 1, 7, 256)


def replies(
    *, words: Words = NOTHING, max_size: int = 4096, whole: bool = False
) -> SearchStrategy[Reply]:
    """What a server says to a request: an answer in one piece or in many, whole or cut off by the
    end of the connection. `whole`: never cut off."""
    return st.builds(
        _reply,
        http_responses(words=words, max_size=max_size),
        st.sampled_from(_PIECES),
        st.just(False) if whole else st.booleans(),
    )


def _reply(response: HttpResponse, piece: int, fails: bool) -> Reply:
    content_type = response.headers.get("Content-Type")
    return Reply(response.body, response.status, content_type, piece, fails)


def cases(
    *,
    config: SearchStrategy[dict[str, str]] | None = None,
    words: Words = NOTHING,
    max_size: int = 4096,
    max_steps: int = 16,
    asks: bool = True,
    reloads: bool = True,
    **narrowed: Any,
) -> SearchStrategy[Case]:
    """Up to `max_steps` events, as `events` makes them of the keywords that are left; between them
    what servers say, where it `asks`, and reloads."""
    step: SearchStrategy[Any] = events(words=words, max_size=max_size, **narrowed)
    if asks:
        step = step | replies(words=words, max_size=max_size)
    if reloads:
        step = step | st.just(Reload())
    steps = st.lists(step, max_size=max_steps).map(tuple)
    return st.builds(Case, steps, st.just({}) if config is None else config)
