"""Calls of a module on trial, each noted before it is made, and what it must have left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..bridge.trial import Trial
from ..bridge.values import Message
from ..evidence import Place, Service, in_words
from ..faults import Damage, damage_hint
from ..types import User
from .results import Finding
from .subject import Skip, Subject

ORDINARY = Message("hello there", to="bob", from_="alice", id=7, aid=1)
"""A message that any module has to do with."""

STRUCT_AT = {Place.AT_START: "behind", Place.AT_END: "before"}
"""Where a struct lies of a page that may not be touched, in words."""

REQUEST_CALLBACKS = {
    Service.HTTP: "its http callback",
    Service.FASTCGI: "its FastCGI callback",
    Service.SOCKET: "a callback of its socket",
}
ANY_REQUEST_CALLBACK = "a callback of its requests"

_TOLERATED = ("name",)  # hosts know a module by a name of their own


def loaded(subject: Subject, place: Place = Place.ROOMY) -> Trial:
    """The module, its init through. Raises Skip where it refuses: another check says so."""
    trial = subject.trial(place)
    if trial.init() != 0:
        raise Skip("its init refuses: see init.loads")
    return trial


def call(
    subject: Subject,
    trial: Trial,
    callback: str,
    message: Message | None = None,
    *,
    case: str,
    status: int = 0,
    user: User | None = None,
    type: int = 0,
    config: bytes | None = None,
    message_at: Place = Place.ROOMY,
    params_at: Place = Place.ROOMY,
    addresses_at: Place = Place.ROOMY,
    read_only: bool = False,
) -> int | None:
    """What the callback returned; None: the module left it NULL. `case` is what is tried, in words
    that go on from "ended the process with SIGSEGV, ..."."""
    trial.place(
        callback,
        message,
        status=status,
        user=user,
        type=type,
        config=config,
        message_at=message_at,
        params_at=params_at,
        addresses_at=addresses_at,
        read_only=read_only,
    )
    subject.notes.write(case, callback, trial.areas())
    return trial.call()


def clean_up(subject: Subject, trial: Trial, case: str) -> None:
    """Lets its open requests fail, and calls its cleanup."""
    end_requests(subject, trial, case)
    subject.notes.write(case, cleanup_of(trial), trial.areas())
    trial.cleanup()


def end_requests(subject: Subject, trial: Trial, case: str) -> None:
    """Lets its open requests fail."""
    services = {asked.service for asked in trial.asked()}
    if services:
        who = of_requests(services)
        subject.notes.write(f"as its requests fail {case}", who, trial.areas())
        trial.end_requests()


def of_requests(services: Collection[Service]) -> str:
    """The callback that gets their answers, in words."""
    return REQUEST_CALLBACKS[min(services)] if len(services) == 1 else ANY_REQUEST_CALLBACK


def cleanup_of(trial: Trial) -> str:
    """The name of its cleanup."""
    return next(name for name in trial.slots() if name.endswith("cleanup"))


def where_callback(subject: Subject, trial: Trial, callback: str) -> str | None:
    """Where a callback is defined."""
    address, is_code = trial.slots().get(callback, (0, False))
    return subject.where_mapped(address) if is_code else None


def changed_words(
    subject: Subject, trial: Trial, callback: str, known: Sequence[Damage] = ()
) -> Iterator[Finding]:
    """What it wrote of its struct that is the host's, but for what is known; `callback` has just
    run."""
    for damage in trial.changes():
        if damage in known:
            continue
        yield Finding(
            f"{callback} wrote {damage.field} of the module struct",
            str(damage),
            damage_hint(damage),
            where_of(subject, trial, callback),
            warning=damage.field in _TOLERATED,
        )


def spilled(
    subject: Subject, trial: Trial, callback: str, case: str, *, of_struct: bool = False
) -> Iterator[Finding]:
    """What it wrote outside of what it was handed in calls, or of its struct."""
    spill = trial.spill(of_struct=of_struct)
    if spill is not None:
        yield Finding(
            f"{callback} wrote outside of {in_words(spill.name)}, {case}",
            f"expected nothing to be written there, found {spill.found:#04x} at byte {spill.offset}"
            f" of {in_words(spill.name)}",
            _SPILL_CURES.get(spill.name, "write only into what was handed over, never past it"),
            where_of(subject, trial, callback),
        )


def misuse_of(
    subject: Subject, trial: Trial, callback: str, case: str, known: Sequence[Damage] = ()
) -> list[Finding]:
    """What that callback did to the struct, but for what is known; it has just run, and all before
    it were sound."""
    return [
        *changed_words(subject, trial, callback, known),
        *spilled(subject, trial, callback, case, of_struct=True),
    ]


def where_of(subject: Subject, trial: Trial, callback: str) -> str | None:
    """Where a callback, or init, is defined."""
    if callback == "init":
        return subject.where_init()
    return where_callback(subject, trial, callback)


_SPILL_CURES = {
    "message": "`len` is where the message ends, for writing too: put no NUL behind it",
    "params": "write only fields that mesibo_message_params_t has in the header of this revision",
    "user": "write only fields that mesibo_user_t has in the header of this revision",
    "the module struct": "compile it against the header of this revision, and check what it copies "
    "into the struct",
}
