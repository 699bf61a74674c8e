"""Whole lives of a module, and what the other sides of its requests say meanwhile."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..fuzzing.case import Case, Reload, Reply, Step
from ..vocabulary import NOTHING, Words
from .drawing import drawing_of, one_of, strategy_by
from .events import events
from .http import response_by

_PIECES = (0, 0, 1, 7, 256)


def replies(
    *, words: Words = NOTHING, max_size: int = 4096, whole: bool = False
) -> SearchStrategy[Reply]:
    """What a server says to a request: an answer in one piece or in many, whole or cut off by the
    end of the connection. `whole`: never cut off."""
    answer = response_by(words=words, max_size=max_size)
    manners = st.sampled_from(
        [(piece, fails) for fails in ((False,) if whole else (False, True)) for piece in _PIECES]
    )

    def reply(draw: st.DrawFn) -> Reply:
        response, (piece, fails) = answer(draw), draw(manners)
        content_type = response.headers.get("Content-Type")
        return Reply(response.body, response.status, content_type, piece, fails)

    return strategy_by(reply)


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
    event = events(words=words, max_size=max_size, **narrowed)
    others = [drawing_of(replies(words=words, max_size=max_size))] if asks else []
    reload: list[Step] = [Reload()] if reloads else []
    step = one_of([drawing_of(event)], others, reload)
    steps = st.lists(strategy_by(step), max_size=max_steps)
    items = drawing_of({} if config is None else config)
    return strategy_by(lambda draw: Case(tuple(draw(steps)), items(draw)))
