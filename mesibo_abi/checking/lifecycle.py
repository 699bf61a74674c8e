"""Init, cleanup, and what lies between one load and the next."""

from __future__ import annotations

from collections.abc import Iterator

from ..bridge.trial import Trial, layouts
from ..evidence import Place
from ..types import Revision
from .calling import (
    ORDINARY,
    STRUCT_AT,
    call,
    changed_words,
    clean_up,
    cleanup_of,
    end_requests,
    loaded,
    misuse_of,
    where_callback,
)
from .results import Finding
from .static import LOADABLE
from .subject import Check, Skip, Subject

_EVERY_BIT = 2**64 - 1
_ABSURD = ("", " ", "-1", "0", "99999999999999999999", "%s%n", "x" * 5000, "\N{SNOWMAN}", "\udcff")


def _loads(subject: Subject) -> Iterator[Finding]:
    trial = subject.trial()
    code = trial.init()
    if code != 0:
        yield Finding(
            "its init refuses to load",
            f"expected {subject.entry_point} to return 0, given {_given(subject)}, it returned "
            f"{code}{_logged(trial)}",
            "give the items that it needs with --config (KEY=VALUE, or a mesibo.conf), and compile "
            f"it against include/{subject.revision}/module.h",
            subject.where_init(),
            # It may want items, and say so by this; one of doc2019 cannot.
            warning=not subject.items and subject.revision != Revision.DOC2019,
        )
        return
    for name, (value, is_code) in trial.slots().items():
        if value and not is_code:
            yield Finding(
                f"its callback {name} points at no code",
                f"expected a function in mod->{name}, or NULL, found {value:#x}",
                f"set mod->{name} to a function of the module, or leave it NULL",
                subject.where_init(),
            )


def _given(subject: Subject) -> str:
    return f"the items {', '.join(subject.items)}" if subject.items else "no items"


def _logged(trial: Trial) -> str:
    return "".join(f"; it logged: {record.text}" for record in trial.logs())


# ---- Offers that are wrong


def _wrong_size(subject: Subject) -> Iterator[Finding]:
    size = subject.layouts[0].size
    others = {layouts(str(revision))[0].size for revision in Revision} - {size}
    for wrong in sorted({0, size - 8, size + 8, *others}):
        if _accepts(subject, f"offered a size of {wrong}", size=wrong - size):
            yield _accepted(subject, "a wrong size", f"a len of {wrong}, its own is {size}")
            return


def _wrong_signature(subject: Subject) -> Iterator[Finding]:
    for bits in (1, 1 << 63, _EVERY_BIT):
        if _accepts(subject, "offered a wrong signature", signature=bits):
            yield _accepted(subject, "a wrong signature", "one with other bits")
            return


def _wrong_version(subject: Subject) -> Iterator[Finding]:
    if subject.revision == Revision.DOC2019:
        raise Skip("doc2019 asks an init to compare size and signature only")
    for bits in (3, 1, 1 << 32):  # 2, 0 and one that has the same low bits
        if _accepts(subject, "offered a wrong version", version=bits):
            yield _accepted(subject, "a wrong version", f"version {1 ^ bits}, its own is 1")
            return


def _accepts(
    subject: Subject, case: str, *, version: int = 0, signature: int = 0, size: int = 0
) -> bool:
    trial = subject.trial()
    subject.notes.write(case, "init", trial.areas())
    return trial.init(version=version, signature=signature, size=size) == 0


def _accepted(subject: Subject, what: str, offered: str) -> Finding:
    cure = (
        "begin with: if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE) return "
        "MESIBO_RESULT_FAIL;"
        if subject.revision == Revision.DOC2019
        else "begin with: MESIBO_MODULE_SANITY_CHECK(mod, version, len);"
    )
    return Finding(
        f"its init accepts {what}",
        f"expected MESIBO_RESULT_FAIL for {offered}; it returned 0: in a host of another revision "
        "it would take its fields for others",
        cure,
        subject.where_init(),
    )


# ---- The struct


def _struct(subject: Subject) -> Iterator[Finding]:
    """In both places first: what is too far is a fault in one of them, which tells its line."""
    found = [_misuse_of_struct(subject, place) for place in STRUCT_AT]
    yield from next(filter(None, found), [])


def _misuse_of_struct(subject: Subject, place: Place) -> list[Finding]:
    trial = subject.trial(place)
    case = f"with its struct {STRUCT_AT[place]} a page that may not be touched"
    subject.notes.write(case, "init", trial.areas())
    code = trial.init()
    found = misuse_of(subject, trial, "init", case)
    if not found and code == 0:
        call(subject, trial, "on_message", ORDINARY, case=case)
        found = misuse_of(subject, trial, "on_message", case)
    return found


def _cleanup(subject: Subject) -> Iterator[Finding]:
    trial = loaded(subject)
    call(subject, trial, "on_message", ORDINARY, case="before its end")
    end_requests(subject, trial, "at its end")
    before = trial.changes()
    clean_up(subject, trial, "at its end")
    yield from changed_words(subject, trial, cleanup_of(trial), before)


# ---- Configurations: it may refuse one, and must not crash


def _try_items(subject: Subject, items: dict[str, str], case: str) -> None:
    trial = subject.trial(items=items)
    subject.notes.write(case, "init", trial.areas())
    if trial.init() == 0:
        call(subject, trial, "on_message", ORDINARY, case=case)
        clean_up(subject, trial, case)


def _no_configuration(subject: Subject) -> Iterator[Finding]:
    _try_items(subject, {}, "without a configuration")
    yield from ()


def _missing_items(subject: Subject) -> Iterator[Finding]:
    for key in _items(subject):
        rest = {name: value for name, value in subject.items.items() if name != key}
        _try_items(subject, rest, f"without its item `{key}`")
    yield from ()


def _absurd_items(subject: Subject) -> Iterator[Finding]:
    for key in _items(subject):
        for value in _ABSURD:
            shown = value if len(value) < 40 else f"{value[:3]}... ({len(value)} bytes)"
            case = f"with its item `{key}` as {shown!r}"
            _try_items(subject, {**subject.items, key: value}, case)
    yield from ()


def _items(subject: Subject) -> list[str]:
    if subject.revision == Revision.DOC2019:
        raise Skip("a doc2019 module is handed no items")
    keys = [key for key in subject.items if key != "log"]
    if not keys:
        raise Skip("no items were given: name them with --config")
    return keys


# ---- Several loads


def _twice(subject: Subject) -> Iterator[Finding]:
    first, second = loaded(subject), subject.trial()
    subject.notes.write("loaded a second time, under another configuration", "init", second.areas())
    if second.init() != 0:
        yield Finding(
            "its init refuses a second load",
            "expected 0 as the first time: the same library may be configured twice, "
            f"found {second.code}{_logged(second)}",
            "keep the state of a load in mod->ctx, or by the address of its struct; globals are "
            "shared by all loads",
            subject.where_init(),
        )
        return
    call(subject, second, "on_message", ORDINARY, case="loaded twice")
    clean_up(subject, first, "the first of two loads ends")
    call(subject, second, "on_message", ORDINARY, case="after the other load of it has ended")
    clean_up(subject, second, "the second of two loads ends")


def _again(subject: Subject) -> Iterator[Finding]:
    first = loaded(subject)
    clean_up(subject, first, "at its end")
    second = subject.trial()
    subject.notes.write("loaded again after its end, still mapped", "init", second.areas())
    if second.init() != 0:
        yield Finding(
            "its init refuses to be loaded again",
            f"expected 0 as before its cleanup, found {second.code}{_logged(second)}",
            f"leave globals in {cleanup_of(second)} as they were before init, or make them anew "
            "in init",
            where_callback(subject, first, cleanup_of(first)) or subject.where_init(),
        )
        return
    call(subject, second, "on_message", ORDINARY, case="loaded again after its end")
    clean_up(subject, second, "at its second end")


CHECKS = (
    Check(
        "init.loads",
        "its init accepts what a host offers, and sets callbacks that are code",
        _loads,
        needs=LOADABLE,
    ),
    Check(
        "init.wrong-size",
        "its init refuses a struct of another size: that is the one sign of another revision",
        _wrong_size,
        needs=("init.loads",),
    ),
    Check(
        "init.wrong-signature",
        "its init refuses a wrong signature: what has one is no host of modules",
        _wrong_signature,
        needs=("init.loads",),
    ),
    Check(
        "init.wrong-version",
        "its init refuses a wrong version: another has other rules",
        _wrong_version,
        needs=("init.loads",),
    ),
    Check(
        "lifecycle.cleanup",
        "its cleanup returns, and leaves its struct alone: that is the host's to free",
        _cleanup,
        needs=("init.loads",),
    ),
    Check(
        "lifecycle.again",
        "it can be loaded again after its cleanup, while its library is still mapped",
        _again,
        needs=("init.loads", "lifecycle.cleanup"),
    ),
    Check(
        "lifecycle.twice",
        "two loads of it live side by side: the end of one leaves the other alone",
        _twice,
        needs=("init.loads", "lifecycle.cleanup"),
    ),
    Check(
        "init.struct",
        "it writes only its own fields of the struct, and nothing before or behind it",
        _struct,
        needs=("init.loads",),
    ),
    Check(
        "init.no-configuration",
        "it loads or refuses without a configuration: mod->config is NULL then",
        _no_configuration,
        needs=("init.loads", "lifecycle.cleanup"),
    ),
    Check(
        "init.missing-items",
        "it loads or refuses without each of its items: mesibo_util_getconfig returns NULL then",
        _missing_items,
        needs=("init.loads", "lifecycle.again", "init.no-configuration"),
    ),
    Check(
        "init.absurd-items",
        "it loads or refuses with items that are empty, huge, or no numbers",
        _absurd_items,
        needs=("init.loads", "lifecycle.again"),
    ),
)
