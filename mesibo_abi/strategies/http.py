"""What HTTP servers answer, sound and otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..services.http_types import HttpResponse
from ..vocabulary import NOTHING, Vocabulary, Words
from .drawing import Drawing, drawing_of, one_of, strategy_by, vocabulary
from .payloads import payload_by

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
_LEAVES = (*("x" * size for size in (63, 64, 255, 256, 1023, 1024)), 0, -1, True, False, None)
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
    return strategy_by(response_by(words=words, statuses=statuses, max_size=max_size, body=body))


def response_by(
    *,
    words: Words,
    statuses: Sequence[int] = _STATUSES,
    max_size: int,
    body: SearchStrategy[bytes] | bytes | None = None,
) -> Drawing[HttpResponse]:
    """The same, as a function."""
    content = body_by(words=words, max_size=max_size) if body is None else drawing_of(body)
    heads = st.sampled_from([(status, type) for status in statuses for type in _TYPES])

    def response(draw: st.DrawFn) -> HttpResponse:
        status, content_type = draw(heads)
        headers = {} if content_type is None else {"Content-Type": content_type}
        return HttpResponse(status, headers, content(draw))

    return response


def body_by(*, words: Words, max_size: int) -> Drawing[bytes]:
    """What comes back, as a function."""
    known = vocabulary(words)
    document = _document_by(known)
    other = payload_by(words=known, max_size=max_size)
    less = st.integers(1, 9)

    def sound(draw: st.DrawFn) -> bytes:
        return json.dumps(document(draw)).encode()

    def cut(draw: st.DrawFn) -> bytes:
        text = sound(draw)
        return text[: len(text) - draw(less)]

    body = one_of([sound], _BROKEN, [other], [cut])
    return lambda draw: body(draw)[:max_size]


def _document_by(known: Vocabulary) -> Drawing[object]:
    """JSON: objects whose keys are those that the module may look for."""
    keys = st.sampled_from(list(dict.fromkeys([*_KEYS, *known.names])))
    leaf = strategy_by(one_of(known.names, [_text], _LEAVES, [_number]))
    inner = st.dictionaries(keys, leaf, max_size=4)
    lists = (st.lists(leaf, max_size=3), st.lists(inner, max_size=3))
    value = strategy_by(one_of(*([drawing_of(each)] for each in (leaf, inner, *lists))))
    return drawing_of(st.dictionaries(keys, value, max_size=4))


_text, _number = drawing_of(st.text(max_size=12)), drawing_of(st.integers())
