"""The network that a module on trial asks for, played by the trial: answers of every kind, and the
messages that make a module ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..bridge.trial import Trial
from ..bridge.values import Message
from ..evidence import Answer, AnswerKind, Asked, Place, Service
from ..types import Revision, User
from . import samples
from .calling import ORDINARY, REQUEST_CALLBACKS, call, loaded
from .subject import Skip, Subject

Plan = Callable[[Asked], Sequence[Answer]]

_IMPORTS = {
    Service.HTTP: ("mesibo_http", "mesibo_util_http"),
    Service.FASTCGI: ("mesibo_util_fcgi",),
    Service.SOCKET: ("mesibo_util_socket_connect",),
}
_NAMES = {Service.HTTP: "http", Service.FASTCGI: "FastCGI", Service.SOCKET: "a socket"}
_MOST_TRIGGERS = 2
_MOST_CALLBACKS = 6  # with one trigger more for each that was not seen before
_MOST_KEYS = 24
_MOST_ROUNDS = 3  # of requests that are made in callbacks of others
HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"


# ---- Plans


def begun(asked: Asked) -> list[Answer]:
    """The request has gone out."""
    out = [Answer(AnswerKind.REQUEST)]
    return [*out, Answer(AnswerKind.REQBODY)] if asked.posts else out


def head(
    status: int = 200, content_type: bytes | None = b"application/json", header: bytes = HEADER
) -> Answer:
    """The header of an answer."""
    return Answer(AnswerKind.HEADERS, header, status=status, content_type=content_type)


def part(data: bytes, progress: int = 50) -> Answer:
    """A part of a body, which is not its last."""
    return Answer(AnswerKind.BODY, data, progress)


def last(data: bytes | None, piece: int = 0) -> Answer:
    """The end of a body, or all of it."""
    return Answer(AnswerKind.BODY, data, 100, piece=piece)


def answered(body: bytes, *, piece: int = 0) -> Plan:
    """A request that is answered with that: for a socket, the data that come."""

    def plan(asked: Asked) -> Sequence[Answer]:
        if asked.service is Service.HTTP:
            return [*begun(asked), head(), last(body, piece)]
        if asked.service is Service.FASTCGI:
            return [last(body)]
        data = Answer(AnswerKind.DATA, body, piece=piece)
        connected = Answer(AnswerKind.CONNECTED, status=-1)
        return [connected, Answer(AnswerKind.WRITTEN), data, Answer(AnswerKind.CLOSED)]

    return plan


def failed(_asked: Asked) -> Sequence[Answer]:
    """A request that fails at once."""
    return [Answer(AnswerKind.FAILED)]


def document(subject: Subject, value: str = "hello there") -> bytes:
    """JSON that has every key that the module may look for."""
    names = [word.decode() for word in samples.words_of(subject.path)]
    names += list(subject.items.values())
    keys = dict.fromkeys(n for n in names if n and n.isascii() and n.replace("_", "").isalnum())
    items = ", ".join(f'"{key}": "{value}"' for key in list(keys)[:_MOST_KEYS])
    return f'{{"list": [1, 2.5, true, null], "data": [{{{items}}}], "text": "{value}"}}'.encode()


# ---- Playing


@dataclass(frozen=True, slots=True)
class Trigger:
    """What makes a module ask: a callback, and what it is handed. `callback` may be init."""

    callback: str
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """How requests are answered: by a plan, its bytes at a place. `service`: the plan is for that
    one alone, others fail. `seal`: what was handed over may not be touched afterwards."""

    case: str
    plan: Plan
    service: Service | None = None
    at: Place = Place.ROOMY
    read_only: bool = False
    seal: bool = False


def exchange(subject: Subject, trial: Trial, trigger: Trigger, script: Script) -> int:
    """Calls the module, and answers what it asks for: how many requests of the service there
    were."""
    return len(exchanged(subject, trial, trigger, script))


def exchanged(subject: Subject, trial: Trial, trigger: Trigger, script: Script) -> list[int]:
    """The same, and which callbacks each of them has, as Asked says; 0: it was synchronous."""
    asked = ask(subject, trial, trigger, script)
    respond(subject, trial, script)
    return asked


def ask(subject: Subject, trial: Trial, trigger: Trigger, script: Script) -> list[int]:
    """Calls the module; what it asks for is not answered yet, but for what is synchronous."""
    if subject.revision == Revision.SDK2019:  # the answer of one that is synchronous
        _arm(trial, Asked(0, Service.HTTP, "", posts=True), script)
    before = trial.synchronous()
    fire(subject, trial, trigger, script.case)
    if script.seal:
        trial.seal()
    count = trial.synchronous() - before if script.service in (None, Service.HTTP) else 0
    open_ones = [each for each in trial.asked() if script.service in (None, each.service)]
    return [0] * count + [each.callbacks for each in open_ones]


def fire(subject: Subject, trial: Trial, trigger: Trigger, case: str) -> None:
    """Makes the call; that of init is made already."""
    if trigger.callback == "init":
        return
    user = User("alice") if trigger.callback == "on_login" else None
    data = b"hello there" if trigger.callback == "on_config" else None
    call(
        subject,
        trial,
        trigger.callback,
        trigger.message,
        case=case,
        status=2,
        user=user,
        config=data,
    )


def respond(subject: Subject, trial: Trial, script: Script) -> None:
    """Answers what is open, and lets fail what is asked for meanwhile, a few times."""
    for turn in range(_MOST_ROUNDS):
        for asked in trial.asked():
            if turn == 0 and script.service in (None, asked.service):
                _arm(trial, asked, script)
            else:
                trial.plan(failed(asked))
            subject.notes.write(script.case, REQUEST_CALLBACKS[asked.service], trial.areas())
            trial.play(asked.id)


def _arm(trial: Trial, asked: Asked, script: Script) -> None:
    answers = script.plan(asked)
    trial.plan(answers, at=script.at, read_only=script.read_only, seal=script.seal)


# ---- Who asks


def triggers(subject: Subject, service: Service) -> list[Trigger]:
    """What makes it ask for that, some of it. Raises Skip where nothing does."""
    if subject.revision == Revision.DOC2019:
        if service is not Service.HTTP:
            raise Skip(f"a doc2019 module cannot ask for {_NAMES[service]}")
    elif not _imports(subject, service):
        raise Skip(f"it never asks for {_NAMES[service]}: it imports no {_IMPORTS[service][-1]}")
    found: list[Trigger] = []
    seen: set[int] = set()
    for trigger, callbacks in _asking(subject, service):
        if len(found) < _MOST_TRIGGERS or not seen.issuperset(callbacks):
            found.append(trigger)
        seen.update(callbacks)
        if len(found) == _MOST_TRIGGERS + _MOST_CALLBACKS:
            break
    if not found:
        raise Skip(f"it asked for {_NAMES[service]} at nothing that was tried")
    return found


def _imports(subject: Subject, service: Service) -> bool:
    """Also under a name of C++."""
    undefined = subject.inspection.undefined
    return any(name in symbol for symbol in undefined for name in _IMPORTS[service])


def _asking(subject: Subject, service: Service) -> Iterator[tuple[Trigger, list[int]]]:
    trial = loaded(subject)
    # Answered: what comes of failures is for the check that is about them.
    plan = answered(document(subject))
    script = Script("in looking for what it asks of the network", plan, service)
    for trigger in (Trigger("init"), *possible(subject, trial)):
        callbacks = exchanged(subject, trial, trigger, script)
        if callbacks:
            yield trigger, callbacks
        trial.sent()
        trial.let_go()


def possible(subject: Subject, trial: Trial) -> Iterator[Trigger]:
    """All that it may act on, but for its init and its cleanup."""
    has = [name for name, (_, is_code) in trial.slots().items() if is_code]
    if "on_message" in has:
        yield from (Trigger("on_message", message) for message in samples.provoking(subject))
    for callback in ("on_message_status", "on_call", "on_call_status", "on_login", "on_config"):
        if callback in has:
            yield Trigger(callback, ORDINARY if callback == "on_message_status" else None)
