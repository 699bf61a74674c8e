"""What a module gives to host functions: lengths, formats, arguments, and when it calls them."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..bridge.trial import Trial
from ..bridge.values import Message
from ..evidence import Given, Misuse, MisuseKind, Service, in_words
from ..types import Revision
from . import network, samples
from .calling import ORDINARY, call, clean_up, cleanup_of, loaded, where_callback
from .network import Plan, Script, Trigger
from .results import Finding
from .subject import Check, Subject

_HUGE = 16 << 20  # bytes: more than the constants of a module, its stack, and its heap
_MOST_HUGE = 2  # messages of that size
_MOST_FINDINGS = 5
_ROUNDS = 50  # of answers to answers
_HOSTILE = "%s%n"
_PATIENCE = 1.5  # seconds for threads that were left
_MARGIN = 1 << 20


# ---- Provoking it


def _exchange(
    subject: Subject, trial: Trial, message: Message, case: str, plan: Plan = network.failed
) -> int:
    return network.exchange(subject, trial, Trigger("on_message", message), Script(case, plan))


def _provoked(subject: Subject, trial: Trial, messages: Iterator[Message], case: str) -> None:
    """Hands it messages, and answers what it asks for, by an answer and by a failure."""
    body = network.document(subject)
    for message in messages:
        for plan in (network.answered(body), network.failed):
            if _exchange(subject, trial, message, case, plan) == 0:
                break
        trial.sent()
        trial.let_go()


def _acting(subject: Subject) -> list[Message]:
    """Messages at which it sends or asks for something, some of them."""
    trial = loaded(subject)
    found = []
    for message in samples.provoking(subject):
        asked = _exchange(subject, trial, message, "to see what it does")
        if trial.sent() or trial.misuses() or asked:
            found.append(message)
        trial.let_go()
        if len(found) == _MOST_HUGE:
            break
    return found


# ---- From misuses to findings

_HOST_FUNCTIONS = {
    Revision.DOC2019: ("mod->send_message", "mod->log", "mod->http"),
    Revision.SDK2019: ("mesibo_message", "mesibo_log", "mesibo_http"),
    Revision.SDK2020: ("mesibo_message", "mesibo_log", "mesibo_util_http"),
}


def _function(subject: Subject, misuse: Misuse) -> str:
    """The host function that was called, as the module calls it."""
    send, log, http = _HOST_FUNCTIONS[Revision(subject.revision)]
    if misuse.given is Given.REQUEST:
        others = {Service.FASTCGI: "mesibo_util_fcgi", Service.SOCKET: "mesibo_util_socket_connect"}
        return others.get(misuse.service, http)
    names = {
        Given.MESSAGE: send,
        Given.FORMAT: log,
        Given.BYTES: "mesibo_util_socket_write",
        Given.JSON: "mesibo_util_json_extract",
    }
    return names.get(misuse.given, "a host function")


Say = Callable[[Subject, Misuse], Finding]


def _found(
    subject: Subject,
    trial: Trial,
    say: Say,
    *kinds: MisuseKind,
    callback: str = "on_message",
    maps: str | None = None,
    text: str = "",
) -> Iterator[Finding]:
    """A finding for each place of the module, for misuses of these kinds; those that are refused
    only where the host's line has that text."""
    seen: set[tuple[MisuseKind, str | None, str | None]] = set()
    for misuse in trial.misuses():
        where = subject.where_on_stack(misuse.frames, maps)
        if where is None:  # it was the last that its function did, and left no frame
            where = where_callback(subject, trial, callback) if maps is None else None
        mark = (misuse.kind, misuse.field, where)
        if misuse.kind not in kinds or mark in seen or len(seen) == _MOST_FINDINGS:
            continue
        if misuse.kind is MisuseKind.REFUSED and text not in misuse.text:
            continue
        seen.add(mark)
        finding = say(subject, misuse)
        yield Finding(finding.what, finding.evidence, finding.cure, where, finding.warning)


# ---- Lengths


def _length(subject: Subject) -> Iterator[Finding]:
    acting = _acting(subject)
    trial = loaded(subject)
    trial.misuses()
    for message in acting or [ORDINARY]:
        body = network.document(subject)
        _exchange(subject, trial, message, "as it sends", network.answered(body))
        _huge_call(subject, trial, message)
    found = list(
        _found(subject, trial, _said_too_long, MisuseKind.TOO_LONG, MisuseKind.UNTERMINATED)
    )
    yield from found


def _huge_call(subject: Subject, trial: Trial, message: Message) -> None:
    """The same, but that it goes on for more than is mapped behind anything of the module's."""
    size = max(_HUGE, _heap_size() + _MARGIN)
    filler = samples.LONG * (size // len(samples.LONG) + 1)
    text = (message.payload + b" " + filler)[:size]
    huge = Message(text, to=message.to, from_=message.from_, id=7, aid=1)
    _exchange(subject, trial, huge, f"with a message of {size} bytes")
    trial.sent()
    case = f"with an answer of {size} bytes"
    _exchange(subject, trial, message, case, network.answered(text))
    trial.sent()
    trial.let_go()


def _heap_size() -> int:
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith("[heap]"):
            start, end = line.split()[0].split("-")
            return int(end, 16) - int(start, 16)
    return 0


def _said_too_long(subject: Subject, misuse: Misuse) -> Finding:
    function, field = _function(subject, misuse), misuse.field or "bytes"
    place = (
        f"of {in_words(misuse.area)}" if misuse.area else f"at {misuse.address:#x}, where it lies"
    )
    if misuse.kind is MisuseKind.UNTERMINATED:
        return Finding(
            f"{function} is given a string without an end, as `{field}`",
            f"expected a NUL within the {misuse.room} bytes {place}, found none: what lies behind "
            "goes out as well",
            "copy it with a NUL behind it: a message ends at `len`, and has none",
        )
    length = misuse.length if misuse.length < 1 << 63 else misuse.length - (1 << 64)
    return Finding(
        f"{function} is given more bytes than there are, as `{field}`",
        f"expected a length of {misuse.room} at most, as so many bytes are {place}, found {length}:"
        " what lies behind goes out as well",
        "pass the length of what is sent, not that of what came in: strlen(text), or what snprintf "
        "returned, bounded by the size of its buffer",
    )


# ---- Formats


def _format(subject: Subject) -> Iterator[Finding]:
    trial = loaded(subject)
    trial.misuses()
    case = f"with {_HOSTILE} in what it is handed"
    body = network.document(subject, _HOSTILE)
    for message in samples.provoking(subject):
        text = message.payload + b" " + _HOSTILE.encode()
        for to, from_ in ((message.to, "alice"), (message.to, _HOSTILE), (_HOSTILE, "alice")):
            hostile = Message(text, to=to, from_=from_, id=7, aid=1)
            _exchange(subject, trial, hostile, case, network.answered(body))
            trial.let_go()
        trial.sent()
    found = list(_found(subject, trial, _said_format, MisuseKind.FORMAT))
    if not found:
        found = _format_of_items(subject)
    yield from found


def _format_of_items(subject: Subject) -> list[Finding]:
    if subject.revision == Revision.DOC2019:
        return []
    for key in subject.items:
        if key == "log":
            continue
        trial = subject.trial(items={**subject.items, key: _HOSTILE})
        case = f"with its item `{key}` as {_HOSTILE}"
        subject.notes.write(case, "init", trial.areas())
        if trial.init() == 0:
            call(subject, trial, "on_message", ORDINARY, case=case)
            clean_up(subject, trial, case)
        found = list(_found(subject, trial, _said_format, MisuseKind.FORMAT, callback="init"))
        if found:
            return found
    return []


def _said_format(subject: Subject, misuse: Misuse) -> Finding:
    log = _function(subject, misuse)
    source = f", which is {in_words(misuse.area)}" if misuse.area else ""
    return Finding(
        f"{log} is given text of others as its format",
        f"expected a format of the module's own, found {misuse.text[:80]!r}{source}: a % in there "
        "is a directive, and %n writes to memory",
        f'put it behind a format: {log}(mod, level, "%s", text), or "%.*s" for a message',
    )


# ---- Arguments


def _arguments(subject: Subject) -> Iterator[Finding]:
    trial = loaded(subject)
    _provoked(subject, trial, samples.provoking(subject), "with an ordinary message")
    acting = [ORDINARY, *_acting(subject)]
    nobody = (
        Message(m.payload, to=m.to, from_=None, id=7, aid=1) for m in acting if m.to is not None
    )
    _provoked(subject, trial, nobody, "with params->from NULL")
    group = (Message(m.payload, to=None, from_="alice", groupid=5, id=7) for m in acting)
    _provoked(subject, trial, group, "with a message to a group")
    kinds = [MisuseKind.REFUSED]
    if subject.revision == Revision.SDK2020:
        kinds.append(MisuseKind.FLAGS)
    yield from _found(subject, trial, _said_refused, *kinds, text="refused: ")


def _said_refused(subject: Subject, misuse: Misuse) -> Finding:
    if misuse.kind is MisuseKind.FLAGS:
        return Finding(
            f"{_function(subject, misuse)} is given flags that are not a module's to set",
            "expected flags of MOD_MESIBO_MSGFLAG_SENDMESSAGE, or those that came with a message, "
            f"found {misuse.length:#x} besides",
            "zero the params, and set flags of MOD_MESIBO_MSGFLAG_SENDMESSAGE alone",
            warning=True,
        )
    what, _, why = misuse.text.partition(": ")
    return Finding(
        f"the host refuses what it asks for: {what}",
        f"expected arguments as the header says, found one that is not: {why}",
        "look at the result of host functions, and at what may be NULL before it is passed on",
        warning=True,
    )


# ---- Loops


def _loop(subject: Subject) -> Iterator[Finding]:
    trial = loaded(subject)
    body = network.document(subject)
    for message in samples.provoking(subject):
        sent = _answers(subject, trial, message, body)
        rounds = 0
        while sent and rounds < _ROUNDS:
            rounds += 1
            sent = _answers(subject, trial, sent[0], body)
        if rounds == _ROUNDS:
            yield Finding(
                "it answers its own answers, without end",
                f"expected an end when it is handed what it sent, found {_ROUNDS} answers, each to "
                f"the one before; the first message was {message.payload[:40]!r} to "
                f"{message.to!r}",
                "answer only what is addressed to the module itself, and nothing that it sent: a "
                "host may hand the messages of modules to modules, and others answer as well",
                where_callback(subject, trial, "on_message"),
                warning=True,
            )
            return


def _answers(subject: Subject, trial: Trial, message: Message, body: bytes) -> list[Message]:
    _exchange(subject, trial, message, "with what it sent before", network.answered(body))
    trial.let_go()
    return trial.answers()  # a thread that sends on its own is no loop


# ---- After its end


def _after_cleanup(subject: Subject) -> Iterator[Finding]:
    threads = _threads()
    trial = loaded(subject)
    for message in itertools.islice(samples.provoking(subject), 20):
        _exchange(subject, trial, message, "before its end")
    trial.misuses()
    clean_up(subject, trial, "at its end")
    subject.notes.write("after its end", "a thread of it")
    end = time.monotonic() + _PATIENCE
    while _threads() - threads and time.monotonic() < end:
        time.sleep(0.01)
    late = MisuseKind.LATE
    found = list(_found(subject, trial, _said_late, late, callback=cleanup_of(trial)))
    if not found and not _threads() - threads:
        maps = Path("/proc/self/maps").read_text()
        subject.notes.write("as its library is closed", "a destructor of it")
        subject.close(trial)
        found = list(_found(subject, trial, _said_late, late, maps=maps))
    yield from found


def _threads() -> set[str]:
    """Those of this process, without the host's own."""
    found = set()
    for path in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if (path / "comm").read_text().strip() != "mesibo-calls":
                found.add(path.name)
    return found


def _said_late(subject: Subject, misuse: Misuse) -> Finding:
    return Finding(
        f"{_function(subject, misuse)} is called after its cleanup",
        "expected no call of a host function once cleanup has returned: the host may have freed the"
        " struct by then; found one",
        "end and join the module's own threads in cleanup, and leave nothing to destructors and "
        "atexit; threads of mesibo_util_create_thread may go on until their function returns",
    )


_ORDINARY = (
    "init.loads",
    "messages.ordinary",
    "messages.no-nul",
    "http.answers",
    "http.failures",
    "http.kept",
    "fastcgi.answers",
    "fastcgi.kept",
    "sockets.order",
    "sockets.kept",
)
_CONTENTS = ("http.contents", "fastcgi.bodies", "sockets.data")
CHECKS = (
    Check(
        "calls.length",
        "it gives no length that leads out of its memory: the host reads so many bytes",
        _length,
        needs=(*_ORDINARY, *_CONTENTS, "messages.huge", "http.huge"),
    ),
    Check(
        "calls.format",
        "it logs text of others as an argument, never as a format: %n in there writes to memory",
        _format,
        needs=(*_ORDINARY, *_CONTENTS, "init.absurd-items"),
    ),
    Check(
        "calls.arguments",
        "it asks for nothing that the host has to refuse, such as a message to nobody",
        _arguments,
        needs=(*_ORDINARY, "params.null-addresses"),
    ),
    Check(
        "calls.loop",
        "it does not answer its own answers: two of them would never end",
        _loop,
        needs=_ORDINARY,
    ),
    Check(
        "calls.after-cleanup",
        "it calls nothing of the host after its cleanup: its struct may be gone by then",
        _after_cleanup,
        needs=(*_ORDINARY, "lifecycle.cleanup"),
    ),
)
