"""The fields of the module struct that are the host's, behind every callback."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence import Place
from .calling import STRUCT_AT, loaded, misuse_of, of_requests
from .network import Script, answered, ask, document, possible, respond
from .results import Finding
from .subject import Check, Subject


def _struct(subject: Subject) -> Iterator[Finding]:
    """In both places first, as a fault tells its line."""
    found = [next(_misuses(subject, place), []) for place in STRUCT_AT]
    yield from next(filter(None, found), [])


def _misuses(subject: Subject, place: Place) -> Iterator[list[Finding]]:
    """What a callback did to it, or one of its requests: of the first that did anything."""
    trial = loaded(subject, place)
    case = f"with its struct {STRUCT_AT[place]} a page that may not be touched"
    script = Script(case, answered(document(subject)))
    known = trial.changes()  # by its init, which another check tells
    for trigger in possible(subject, trial):
        trial.sent()
        trial.let_go()
        ask(subject, trial, trigger, script)
        if found := misuse_of(subject, trial, trigger.callback, case, known):
            yield found
        services = {asked.service for asked in trial.asked()}
        respond(subject, trial, script)
        if not services:
            continue
        if found := misuse_of(subject, trial, of_requests(services), case, known):
            yield found


CHECKS = (
    Check(
        "lifecycle.struct",
        "no callback writes what is the host's in its struct, nor before or behind it",
        _struct,
        needs=(
            "init.struct",
            "lifecycle.cleanup",
            "messages.ordinary",
            "params.addresses",
            "events.status",
            "events.others",
            "http.answers",
            "http.kept",
            "fastcgi.answers",
            "fastcgi.kept",
            "sockets.order",
            "sockets.kept",
        ),
    ),
)
