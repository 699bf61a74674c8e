"""What HTTP servers answer, sound and otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..services.http_types import HttpResponse
from .payloads import payloads
from .vocabulary import NOTHING, Vocabulary, Words

_STATUSES = (200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 408, 429, 500, 502, 503)
_TYPES = (
    "application/json",
    "text/plain; charset=utf-8",
    "text/html",
    "image/png",
    "x" * 300,
    None,
)
_BROKEN = (
    b"null",
    b'{"text": ',
    b'{"text": "\\ud800"}',
    b'{"text": "\xff"}',
    b'{"a": ' * 64,
    b"[" * 1000,
    b'{"text": 1e999}',
)
_KEYS = ("text", "id", "data", "error")


def http_responses(
    *,
    words: Words = NOTHING,
    statuses: Sequence[int] = _STATUSES,
    max_size: int = 4096,
    body: SearchStrategy[bytes] | bytes | None = None,
) -> SearchStrategy[HttpResponse]:
    """Answers with such statuses and bodies (`body`, a value or a strategy) of at most `max_size`
    bytes: JSON with the module's words for keys and values, sound and cut, other bytes, nothing at
    all. For a handler, as `Host(http=...)` takes it."""
    drawn = bodies(words=words, max_size=max_size) if body is None else body
    return st.builds(
        _response,
        st.sampled_from(list(statuses)),
        st.sampled_from(_TYPES),
        drawn if isinstance(drawn, SearchStrategy) else st.just(drawn),
    )


def _response(status: int, content_type: str | None, body: bytes) -> HttpResponse:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return HttpResponse(status, headers, body)


def bodies(*, words: Words = NOTHING, max_size: int = 4096) -> SearchStrategy[bytes]:
    """What comes back."""
    known = Vocabulary.given(words)
    sound = _documents(known).map(lambda value: json.dumps(value).encode())
    cut = st.builds(
        lambda document, less: document[: len(document) - less], sound, st.integers(1, 9)
    )
    return st.one_of(
        sound,
        payloads(words=known, max_size=max_size),
        cut,
        st.sampled_from(_BROKEN),
    ).map(lambda body: body[:max_size])


def _documents(known: Vocabulary) -> SearchStrategy[object]:
    """JSON: objects whose keys are those that the module may look for."""
    keys = st.sampled_from(list(dict.fromkeys([*_KEYS, *known.names])))
    texts = st.text(max_size=12)
    if known.names:
        texts = st.sampled_from(known.names) | texts
    long = st.sampled_from([63, 64, 255, 256, 1023, 1024]).map(lambda size: "x" * size)
    leaves = st.one_of(texts, long, st.integers(), st.booleans(), st.none())
    inner = st.dictionaries(keys, leaves, max_size=4)
    return st.dictionaries(keys, leaves | inner | st.lists(inner | leaves, max_size=3), max_size=4)
