"""What comes of a module's requests: answers in every order that the headers promise, failures at
every stage, bodies of every kind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..bridge.trial import Trial
from ..evidence import Answer, AnswerKind, Asked, Place, Service
from . import network, samples
from .calling import clean_up, loaded
from .network import Plan, Script, Trigger, answered, begun, head, last, part
from .results import Finding
from .subject import Check, Run, Subject

Cases = Callable[[Subject], Iterable[tuple[str, Plan]]]

_HUGE = 16 << 20  # bytes
_MOST_CUTS = 2000  # places at which a body is cut
_EDGES = (Place.AT_END, Place.AT_START)
_STATUSES = (100, 200, 204, 206, 301, 304, 400, 401, 403, 404, 429, 500, 502, 503, 599, 999)
_TYPES = (None, b"", b"text/html; charset=utf-8", b"%s%n", b"\xff\xfe", b"x" * 5000)


# ---- Trying


def _checked(
    service: Service,
    cases: Cases,
    *,
    places: Sequence[Place] = (Place.ROOMY,),
    read_only: bool = False,
    seal: bool = False,
) -> Run:
    """A check that makes the module ask again and again, and answers by each case, its bytes at
    each of these places. `seal`: nobody may touch what was handed over afterwards."""

    def run(subject: Subject) -> Iterator[Finding]:
        for trigger in network.triggers(subject, service):
            scripts = [
                Script(case, plan, service, place, read_only, seal)
                for case, plan in cases(subject)
                for place in places
            ]
            _play(subject, trigger, scripts)
        yield from ()

    return run


def _play(subject: Subject, trigger: Trigger, scripts: Iterable[Script]) -> None:
    """With one load of the module, as long as that asks again."""
    trial = None
    for script in scripts:
        if trial is not None and trigger.callback == "init":
            _end(subject, trial)
            trial = None
        asked = 0 if trial is None else network.exchange(subject, trial, trigger, script)
        if asked == 0:
            if trial is not None:
                _end(subject, trial)
            trial = loaded(subject)
            network.exchange(subject, trial, trigger, script)
        assert trial is not None
        trial.sent()
        trial.logs()
        trial.let_go()
    if trial is not None:
        _end(subject, trial)


def _end(subject: Subject, trial: Trial) -> None:
    clean_up(subject, trial, "after its requests")
    subject.close(trial)


# ---- Cases of HTTP


def _http(case: str, *answers: Answer) -> tuple[str, Plan]:
    return case, lambda asked: [*begun(asked), *answers]


def _ordinary(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    third = len(body) // 3
    parts = (part(body[:third], 1), part(body[third : 2 * third]), part(body[2 * third :], 99))
    yield _http("with an answer", head(), last(body))
    yield _http("with an answer in parts", head(), *parts, last(b""))
    yield _http("with an answer in parts", head(), *parts[:2], last(body[2 * third :]))
    yield _http("with an answer of text", head(content_type=b"text/plain"), last(b"hello there"))


def _statuses(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    for status in _STATUSES:
        header = f"HTTP/1.1 {status} Whatever\r\n\r\n".encode()
        yield _http(f"with the status {status}", head(status, header=header), last(body))
    for kind in _TYPES:
        shown = "no type" if kind is None else f"the type {kind[:20]!r}"
        yield _http(f"with an answer of {shown}", head(content_type=kind), last(body))


def _failures(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    yield "as it cannot connect", network.failed
    yield "as it fails when the request is out", begun
    yield _http("as it fails behind the header", head())
    yield _http("as it fails behind the header of an error", head(500))
    yield _http("as it fails before the end", head(), part(body, 99))
    yield _http("as it fails behind an empty part", head(), part(b""))
    for cut in _cuts(body):
        yield _http(f"as it fails behind byte {cut} of the body", head(), part(body[:cut]))


def _cuts(body: bytes) -> list[int]:
    step = len(body) // _MOST_CUTS + 1
    return [*range(1, len(body), step)]


# ---- Bodies, for all services


def _plain(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    for data in (body, body, b"hello there", b"{}"):
        yield "with an answer", answered(data)
    for size in (1, 20):  # with an end by itself: on_close comes with the last part
        yield "with an answer in parts", _in_parts(body[:64], size, (b"",))
    yield "with a failure", network.failed


def _in_parts(body: bytes, size: int, more: Sequence[bytes] = ()) -> Plan:
    """Each part lies by itself."""

    def plan(asked: Asked) -> Sequence[Answer]:
        parts = [*(body[at : at + size] for at in range(0, len(body), size)), *more]
        if asked.service is Service.HTTP:
            return [*begun(asked), head(), *(part(each) for each in parts[:-1]), last(parts[-1])]
        if asked.service is Service.FASTCGI:
            return [last(body)]
        data = [Answer(AnswerKind.DATA, each) for each in parts if each]
        return [Answer(AnswerKind.CONNECTED, status=-1), *data, Answer(AnswerKind.CLOSED)]

    return plan


def _empty(_subject: Subject) -> Iterator[tuple[str, Plan]]:
    yield "with an answer without a body", answered(b"")


def _lengths(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    for data in (body, *samples.TEXTS, *samples.LENGTHS):
        yield f"with an answer of {len(data)} bytes, at the edge", answered(data)
    yield "with an answer byte by byte", _in_parts(body[:64], 1)
    yield "with an answer in parts", _in_parts(samples.LONG, 1000)


def _contents(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    for data in (*samples.WITH_NULS, *samples.NOT_UTF8, *_malformed(subject)):
        yield f"with an answer of {data[:40]!r}", answered(data)
    for cut in _cuts(body):
        yield f"with an answer that is cut behind its byte {cut}", answered(body[:cut])


def _malformed(subject: Subject) -> Iterator[bytes]:
    """JSON that is none, or another than expected."""
    body = network.document(subject)
    yield from (b"{", b"[", b'"', b"\\", b"null", b"[]", b"{}", b"0", b'{"":', b'{"a"', b"\0{}")
    yield from (b"[" * 5000, b'{"a":' * 5000, b"<html><body>502 Bad Gateway</body></html>")
    for value in (b"null", b"-1", b"[]", b"{}", b"1e999", b'""', b'"\\u0000"', b'"\\ud800"'):
        yield body.replace(b'"hello there"', value)
    yield network.document(subject, "x" * 5000)
    yield network.document(subject, "%s%n")
    yield body.replace(b'"', b"'")
    yield body[::-1]


def _huge(subject: Subject) -> Iterator[tuple[str, Plan]]:
    body = network.document(subject)
    text = (samples.LONG * (_HUGE // len(samples.LONG) + 1))[:_HUGE]
    yield f"with an answer of {_HUGE} bytes", answered(text)
    yield f"with an answer of {_HUGE} bytes, byte by byte", answered(text, piece=1)
    yield f"with an answer of {_HUGE} bytes, in parts", answered(text, piece=16384)
    value = network.document(subject, "x" * (1 << 20))
    yield f"with JSON of {len(value)} bytes", answered(value)
    yield "with an answer after huge ones", answered(body)


def _lengths_and_none(subject: Subject) -> Iterator[tuple[str, Plan]]:
    yield from _empty(subject)
    yield from _lengths(subject)


def _contents_and_huge(subject: Subject) -> Iterator[tuple[str, Plan]]:
    yield from _contents(subject)
    yield from _huge(subject)


# ---- The others


def _scripts(subject: Subject) -> Iterator[tuple[str, Plan]]:
    yield "with an answer", answered(network.document(subject))
    yield "with an answer of text", answered(b"hello there")
    yield "with a failure", network.failed


def _orders(subject: Subject) -> Iterator[tuple[str, Plan]]:
    connected, written = Answer(AnswerKind.CONNECTED, status=-1), Answer(AnswerKind.WRITTEN)
    data, closed = Answer(AnswerKind.DATA, network.document(subject)), Answer(AnswerKind.CLOSED)
    gone = Answer(AnswerKind.FAILED)
    orders = {
        "as it cannot connect": [gone],
        "as it is closed before it is connected": [closed],
        "as it is closed when it is connected": [connected, closed],
        "as it breaks when it is connected": [connected, gone],
        "as data come before anything was written": [connected, data, written, closed],
        "as it is closed behind data": [connected, written, data, data, closed],
        "as it breaks behind data": [connected, data, gone],
        "as more goes out than it wrote": [connected, written, written, written, closed],
    }
    for case, answers in orders.items():
        yield case, functools.partial(_as_given, answers)


def _as_given(answers: Sequence[Answer], _asked: Asked) -> Sequence[Answer]:
    return answers


_HTTP, _FASTCGI, _SOCKET = Service.HTTP, Service.FASTCGI, Service.SOCKET
_ORDINARY = ("init.loads", "messages.ordinary", "messages.no-nul", "messages.kept")
_ANSWERED = (*_ORDINARY, "http.answers", "http.kept")
_SCRIPTED = (*_ORDINARY, "fastcgi.answers", "fastcgi.kept")
_CONNECTED = (*_ORDINARY, "sockets.order", "sockets.kept")
CHECKS = (
    Check(
        "http.answers",
        "it takes an answer to its request, whole or in parts",
        _checked(_HTTP, _ordinary),
        needs=_ORDINARY,
    ),
    Check(
        "http.failures",
        "its request may fail at every stage: unconnected, behind the header, at every byte",
        _checked(_HTTP, _failures),
        needs=(*_ORDINARY, "http.answers"),
    ),
    Check(
        "http.kept",
        "it keeps no pointer into a message or an answer: each ends with its callback",
        _checked(_HTTP, _plain, seal=True),
        needs=(*_ORDINARY, "http.answers", "http.failures"),
    ),
    Check(
        "http.statuses",
        "an answer may have any status, and no type",
        _checked(_HTTP, _statuses),
        needs=_ANSWERED,
    ),
    Check(
        "http.empty",
        "an answer may have no byte at all",
        _checked(_HTTP, _empty, places=_EDGES),
        needs=_ANSWERED,
    ),
    Check(
        "http.bounds",
        "it reads `size` bytes of an answer, no NUL behind them, and writes none: they are const",
        _checked(_HTTP, _lengths, places=_EDGES, read_only=True),
        needs=(*_ANSWERED, "http.empty"),
    ),
    Check(
        "http.contents",
        "an answer may be anything: JSON that is cut at any byte, not UTF-8, with NULs inside",
        _checked(_HTTP, _contents),
        needs=(*_ANSWERED, "http.bounds"),
    ),
    Check(
        "http.huge",
        "an answer may have 16 MiB, in one part, or in parts of one byte",
        _checked(_HTTP, _huge),
        needs=(*_ANSWERED, "http.bounds"),
    ),
    Check(
        "fastcgi.answers",
        "it takes what a script prints, and a failure",
        _checked(_FASTCGI, _scripts),
        needs=_ORDINARY,
    ),
    Check(
        "fastcgi.kept",
        "it keeps no pointer into a message or an answer: each ends with its callback",
        _checked(_FASTCGI, _plain, seal=True),
        needs=(*_ORDINARY, "fastcgi.answers"),
    ),
    Check(
        "fastcgi.bounds",
        "it reads `size` bytes of an answer, which may be 0, and writes none",
        _checked(_FASTCGI, _lengths_and_none, places=_EDGES, read_only=True),
        needs=_SCRIPTED,
    ),
    Check(
        "fastcgi.bodies",
        "what a script prints may be anything: 16 MiB, JSON cut at any byte, not UTF-8",
        _checked(_FASTCGI, _contents_and_huge),
        needs=(*_SCRIPTED, "fastcgi.bounds"),
    ),
    Check(
        "sockets.order",
        "its socket may close at any time, before it was connected too",
        _checked(_SOCKET, _orders),
        needs=_ORDINARY,
    ),
    Check(
        "sockets.kept",
        "it keeps no pointer into what comes in: that ends with the callback",
        _checked(_SOCKET, _plain, seal=True),
        needs=(*_ORDINARY, "sockets.order"),
    ),
    Check(
        "sockets.bounds",
        "it reads `len` bytes of what comes in, one or many, and writes none",
        _checked(_SOCKET, _lengths, places=_EDGES, read_only=True),
        needs=_CONNECTED,
    ),
    Check(
        "sockets.data",
        "what comes in may be anything: 16 MiB, cut at any byte, not UTF-8",
        _checked(_SOCKET, _contents_and_huge),
        needs=(*_CONNECTED, "sockets.bounds"),
    ),
)
