"""Messages at the edge of memory that nobody may touch: the module reads and writes what it was
handed, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ..bridge.trial import Trial
from ..bridge.values import Message
from ..evidence import Place
from ..faults import CODES
from ..types import WORDS, User
from . import samples
from .calling import ORDINARY, call, clean_up, loaded, spilled, where_callback
from .results import Finding
from .subject import Check, Skip, Subject

# Both before what was spilled is looked for: what is too far is a fault in one, and tells its line.
_EDGES = (Place.AT_START, Place.AT_END)
_HUGE = 16 << 20  # bytes
_CONST = ("doc2019", "sdk2019")
_KNOWN_CODES = (-1, 0, 1)


def ready(subject: Subject, callback: str = "on_message") -> Trial:
    """The module, its init through. Raises Skip where it has no such callback."""
    trial = loaded(subject)
    if not trial.slots().get(callback, (0, False))[1]:
        raise Skip(f"it has no {callback}")
    return trial


def _shown(message: Message) -> str:
    size = len(message.payload)
    return f"with a message of {size} byte{'' if size == 1 else 's'}" + (
        f": {message.payload!r}" if size <= 40 else ""
    )


def _at_edges(subject: Subject, messages: Iterable[Message]) -> Iterator[Finding]:
    trial = ready(subject)
    for message in messages:
        for place in _EDGES:
            call(subject, trial, "on_message", message, case=_shown(message), message_at=place)
        found = list(spilled(subject, trial, "on_message", _shown(message)))
        yield from found
        if found:
            return


# ---- The message


def _ordinary(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    ordinary = samples.messages(subject, *samples.TEXTS, *samples.LENGTHS)
    for message in (*ordinary, *samples.by_words(subject)):
        call(subject, trial, "on_message", message, case=_shown(message))
    yield from ()


def _no_nul(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    for message in (*samples.provoking(subject), *samples.messages(subject, samples.LONG)):
        case = f"{_shown(message)} and no NUL behind it"
        call(subject, trial, "on_message", message, case=case, message_at=Place.AT_END)
    yield from ()


def _bounds(subject: Subject) -> Iterator[Finding]:
    ordinary = samples.messages(subject, *samples.TEXTS, *samples.LENGTHS)
    return _at_edges(subject, (*ordinary, *samples.by_words(subject)))


def _empty(subject: Subject) -> Iterator[Finding]:
    return _at_edges(subject, samples.messages(subject, b""))


def _nul_inside(subject: Subject) -> Iterator[Finding]:
    commands = samples.commands(subject, b"\0", b" en\0hello there")
    return _at_edges(subject, (*samples.messages(subject, *samples.WITH_NULS), *commands))


def _not_utf8(subject: Subject) -> Iterator[Finding]:
    commands = samples.commands(subject, b" \xff", b" en \xe2\x82")
    return _at_edges(subject, (*samples.messages(subject, *samples.NOT_UTF8), *commands))


def _huge(subject: Subject) -> Iterator[Finding]:
    text = (samples.LONG * (_HUGE // len(samples.LONG) + 1))[:_HUGE]
    commands = (word.rstrip() + b" " for word in samples.words_of(subject.path))
    payloads = (command + text[len(command) :] for command in commands)
    of_commands = (Message(payload, to="bob", from_="alice") for payload in payloads)
    return _at_edges(subject, itertools.chain(samples.messages(subject, text), of_commands))


def _const(subject: Subject) -> Iterator[Finding]:
    if subject.revision not in _CONST:
        raise Skip(f"a module of {subject.revision} may write into its message")
    trial = ready(subject)
    for message in (*samples.provoking(subject), *samples.messages(subject, samples.LONG)):
        call(subject, trial, "on_message", message, case=_shown(message), read_only=True)
    yield from ()


def _kept(subject: Subject) -> Iterator[Finding]:
    """Each callback twice: what it was handed the first time may not be touched the second."""
    trial = loaded(subject)
    for message in (*samples.messages(subject, *samples.TEXTS[:3]), *samples.provoking(subject)):
        call(subject, trial, "on_message", message, case="after an earlier message")
        trial.seal()
    after = "after what it was handed before"
    for _ in range(2):
        call(subject, trial, "on_message_status", ORDINARY, case=after, status=2)
        trial.seal()
        call(subject, trial, "on_login", case=after, user=User("alice"))
        trial.seal()
        call(subject, trial, "on_config", case=after, type=1, config=b"hello there")
        trial.seal()
        for callback in ("on_call", "on_call_status"):
            call(subject, trial, callback, case=after)
            trial.seal()
    clean_up(subject, trial, after)
    yield from ()


def _results(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    rare = samples.messages(subject, b"", *samples.WITH_NULS)
    for message in (*samples.provoking(subject), *rare):
        code = call(subject, trial, "on_message", message, case=_shown(message))
        if code not in _KNOWN_CODES:
            yield Finding(
                f"on_message returned {code}, {_shown(message)}",
                f"expected {CODES}, or MESIBO_RESULT_FAIL (-1) where it fails, got {code}",
                "return one of the codes of module.h on every way out",
                where_callback(subject, trial, "on_message"),
            )
            return


# ---- Its params


def _params_bounds(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    for message in samples.provoking(subject):
        case = f"{_shown(message)}, its params at the edge"
        for place in _EDGES:
            call(subject, trial, "on_message", message, case=case, params_at=place)
        found = list(spilled(subject, trial, "on_message", case))
        yield from found
        if found:
            return


def _extremes(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    for value in samples.EXTREMES:
        for word in WORDS:
            case = f"with params->{word} {value}"
            for message in samples.ordinary(subject):
                words = samples.with_words(message, {word: value})
                call(subject, trial, "on_message", words, case=case)
        case = f"with every word of params {value}"
        by_words = samples.by_words(subject) if value in samples.FEW_EXTREMES else ()
        for message in (*samples.messages(subject, *samples.TEXTS), *by_words):
            words = samples.with_words(message, dict.fromkeys(WORDS, value))
            call(subject, trial, "on_message", words, case=case)
    yield from ()


def _null_addresses(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    for message in samples.provoking(subject):
        for to, from_ in ((message.to, None), (None, "alice"), (None, None)):
            names = [name for name, it in (("to", to), ("from", from_)) if it is None]
            nobodys = Message(message.payload, to=to, from_=from_, groupid=0 if to else 5)
            case = f"with params->{' and params->'.join(names)} NULL"
            call(subject, trial, "on_message", nobodys, case=case)
    yield from ()


def _addresses(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject)
    known = [text.encode("utf-8", "surrogateescape") for text in samples.to_whom(subject)]
    for address in samples.ADDRESSES:
        shown = repr(address) if len(address) <= 40 else f"{len(address)} bytes"
        case = f"with addresses of {shown}"
        for to in (address, *known):
            for place in _EDGES:
                message = Message("hello there", to=to, from_=address)
                call(subject, trial, "on_message", message, case=case, addresses_at=place)
            found = list(spilled(subject, trial, "on_message", case))
            yield from found
            if found:
                return


# ---- Other events


def _status(subject: Subject) -> Iterator[Finding]:
    trial = ready(subject, "on_message_status")
    for status in samples.STATUSES:
        for message in (ORDINARY, Message(to=None, from_=None, refid=status)):
            case = f"with the status {status}"
            for place in _EDGES:
                call(
                    subject,
                    trial,
                    "on_message_status",
                    message,
                    case=case,
                    status=status,
                    params_at=place,
                    addresses_at=place,
                )
            found = list(spilled(subject, trial, "on_message_status", case))
            yield from found
            if found:
                return


def _events(subject: Subject) -> Iterator[Finding]:
    trial = loaded(subject)
    callbacks = ("on_call", "on_call_status", "on_login", "on_config")
    if not any(trial.slots().get(callback, (0, False))[1] for callback in callbacks):
        raise Skip("it has no callback for calls, logins and configurations")
    for callback in callbacks[:2]:
        call(subject, trial, callback, case="with a call")
    for address in samples.ADDRESSES:
        for place in _EDGES:
            user = User(address.decode("utf-8", "surrogateescape"), online=place == Place.AT_END)
            case = f"with a login of {address[:40]!r}"
            call(
                subject,
                trial,
                "on_login",
                case=case,
                user=user,
                params_at=place,
                addresses_at=place,
            )
        found = list(spilled(subject, trial, "on_login", case))
        yield from found
        if found:
            return
    for number in samples.EXTREMES:
        call(subject, trial, "on_config", case=f"with the type {number} and no data", type=number)


_ORDINARY = ("init.loads", "messages.ordinary")
_EDGE = (*_ORDINARY, "messages.no-nul", "messages.bounds")
CHECKS = (
    Check(
        "messages.ordinary",
        "it takes ordinary messages, short ones and long ones, and returns",
        _ordinary,
        needs=("init.loads",),
    ),
    Check(
        "messages.no-nul",
        "it reads nothing behind a message: `len` is where that ends, and there is no NUL",
        _no_nul,
        needs=_ORDINARY,
    ),
    Check(
        "messages.bounds",
        "it touches nothing before a message, nor behind one, whatever its length",
        _bounds,
        needs=(*_ORDINARY, "messages.no-nul"),
    ),
    Check("messages.empty", "a message may have no byte at all", _empty, needs=_EDGE),
    Check(
        "messages.nul-inside",
        "a message may have NULs inside: it is bytes, and no string of C",
        _nul_inside,
        needs=_EDGE,
    ),
    Check(
        "messages.not-utf8",
        "a message need not be UTF-8, and may end in the middle of a character",
        _not_utf8,
        needs=_EDGE,
    ),
    Check(
        "messages.huge",
        "a message of 16 MiB is a message: it fits no stack",
        _huge,
        needs=_EDGE,
    ),
    Check(
        "messages.const",
        "it does not write into a message that is const: others have the same bytes",
        _const,
        needs=_ORDINARY,
    ),
    Check(
        "messages.kept",
        "it keeps no pointer to what it was handed: that ends with the callback",
        _kept,
        needs=(*_ORDINARY, "lifecycle.cleanup"),
    ),
    Check(
        "messages.results",
        "it returns PASS, CONSUMED or FAIL: another number is a failure of it",
        _results,
        needs=(*_EDGE, "messages.empty", "messages.nul-inside"),
    ),
    Check(
        "params.bounds",
        "it touches nothing outside of its params: a longer struct is another revision's",
        _params_bounds,
        needs=_ORDINARY,
    ),
    Check(
        "params.extremes",
        "every word of its params may hold any number",
        _extremes,
        needs=(*_ORDINARY, "params.bounds"),
    ),
    Check(
        "params.null-addresses",
        "`to` and `from` may be NULL: a message to a group has no `to`",
        _null_addresses,
        needs=(*_ORDINARY, "params.bounds"),
    ),
    Check(
        "params.addresses",
        "an address is text of any length, and ends at its NUL",
        _addresses,
        needs=(*_ORDINARY, "params.bounds"),
    ),
    Check(
        "events.status",
        "it takes every status, those of servers that it does not know as well",
        _status,
        needs=("init.loads",),
    ),
    Check(
        "events.others",
        "it takes calls, logins and configurations, with addresses of any length",
        _events,
        needs=("init.loads",),
    ),
)
