"""What the core found wrong, in words: from its codes to exceptions in three parts."""

from __future__ import annotations

import enum
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import (
    BadResult,
    CallbackNotSet,
    ClosedError,
    ForkedError,
    LoadError,
    ModuleError,
    StructChanged,
)
from .types import LogRecord, Revision

CODES = "MESIBO_RESULT_PASS (0) or MESIBO_RESULT_CONSUMED (1)"


class Refusal(enum.IntEnum):
    """Why a module was not loaded (csrc/interface/loads.h: mh_refusal_kind)."""

    ACCEPTED = 0
    NO_MEMORY = 1
    HOST_CLOSED = 2
    NO_SUCH_REVISION = 3
    NOT_OPENED = 4
    NO_ENTRY = 5
    GUESS_CRASHED = 6
    INIT_REFUSED = 7
    INIT_FAILED = 8
    INIT_DAMAGED = 9
    BAD_SLOT = 10
    NOT_STARTED = 11
    INIT_CRASHED = 12
    NOT_LIMITED = 13


class Closing(enum.IntEnum):
    """How a module was closed (csrc/interface/loads.h: mh_closing)."""

    CLOSED = 0
    KEPT = 1
    BUSY = 2
    OVERWRITTEN = 3


WHY_KEPT = {
    Closing.KEPT: "the library makes threads of its own, and nobody can tell when they end",
    Closing.BUSY: "a thread is still inside it, or inside a host function that it called",
    Closing.OVERWRITTEN: "its file was written over while it was open: replace files, by rename",
}
"""Why the library of a closed module stays mapped."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A word of the module struct that the module changed (csrc/interface/passes.h: mh_damage)."""

    field: str
    offset: int
    expected: int
    found: int

    def __str__(self) -> str:
        return (
            f"expected {self.expected:#x} at byte {self.offset} ({self.field}), "
            f"found {self.found:#x}"
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """A load that was refused: what was asked for, and what the core said of it."""

    name: str
    path: Path | None
    entry: str
    revision: str
    kind: Refusal
    code: int
    text: str
    damage: Damage | None
    logs: Sequence[LogRecord]


_DAMAGE_HINTS = {
    "behind the struct": "the module wrote past the end of mesibo_module_t: compile it against "
    "this revision's header, and check what it copies into the struct",
    "version": "`version` is the host's: compare it, never assign it",
    "signature": "`signature` is the host's: compare it, never assign it",
}
_HOSTS_WORDS = re.compile(r"name|config|custom_fns|reserved_\d")
_FUNCTION_HINT = "host functions in the struct are the host's: call them, never assign them"


def damage_hint(damage: Damage) -> str:
    """What to do about it."""
    if _HOSTS_WORDS.fullmatch(damage.field):
        return f"`{damage.field}` is the host's: read it, never assign it"
    return _DAMAGE_HINTS.get(damage.field, _FUNCTION_HINT)


def struct_changed(module: str, callback: str, damage: Damage) -> StructChanged:
    """A callback wrote where it must not."""
    return StructChanged(
        f"module {module!r} overwrote its struct in {callback}",
        module=module,
        callback=callback,
        detail=str(damage),
        hint=damage_hint(damage),
    )


def bad_result(module: str, callback: str, code: int) -> BadResult:
    """A callback returned a code that means nothing, or its own failure."""
    if code == -1:
        return BadResult(
            f"module {module!r} failed in {callback}",
            module=module,
            callback=callback,
            code=code,
            detail=f"expected {CODES}, it returned MESIBO_RESULT_FAIL (-1)",
            hint="its log lines may say why",
        )
    return BadResult(
        f"module {module!r} returned an unknown code from {callback}",
        module=module,
        callback=callback,
        code=code,
        detail=f"expected {CODES}, got {code}",
        hint="return one of the codes of module.h",
    )


def upcall_failed(module: str, callback: str) -> ModuleError:
    """Python code failed while the module ran, and left no exception behind."""
    return ModuleError(
        f"a host function failed while module {module!r} was in {callback}",
        module=module,
        callback=callback,
        detail="expected it to return, the interpreter was ending",
        hint="close the host before the interpreter ends",
    )


def of_module(module: str, callback: str, error: BaseException) -> BaseException:
    """What a Python module raised, as a failure of that module. SystemExit and the like would end
    more than the module when they are raised again, so they become the cause of a ModuleError;
    KeyboardInterrupt is for whoever called, and stays."""
    if not would_end_more(error):
        return error
    failure = ModuleError(
        f"module {module!r} raised {type(error).__name__} in {callback}",
        module=module,
        callback=callback,
        detail=f"expected it to return, or to raise an Exception, found {error!r}",
        hint="a module does not end what runs it: return a code, or raise an Exception",
    )
    failure.__cause__ = error
    return failure


def would_end_more(error: BaseException) -> bool:
    """Whether it is no Exception, and yet not for whoever called into the code that raised it."""
    # Not imported for this: who never did raises none of it.
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", SystemExit)
    return isinstance(error, (SystemExit, GeneratorExit, cancelled))


def callback_not_set(module: str, callback: str) -> CallbackNotSet:
    """The module has no such callback."""
    return CallbackNotSet(
        f"module {module!r} has no {callback}",
        module=module,
        callback=callback,
        detail=f"expected a function in the slot `{callback}`, the module left it NULL",
        hint=f"set mod->{callback} in the module's init (in Python: define {callback}), or ask "
        "`module.callbacks` first",
    )


def module_closed(module: str) -> ClosedError:
    """The module is closed."""
    return ClosedError(
        f"module {module!r} is closed",
        detail="expected an open module, it was closed before this call",
        hint="load it again",
    )


def _is_method(entry: str) -> bool:
    """Whether it is the init of a Python module, `Filter.init`; no symbol of C has a dot."""
    return "." in entry


def _refused(attempt: Attempt) -> tuple[str, str]:
    header = f"include/{attempt.revision}/module.h"
    expected = f"expected {attempt.entry} to return 0, it returned {attempt.code}"
    if attempt.text:
        return (
            f"{expected}, and had been {attempt.text}",
            "raise that limit, or have the module bear it",
        )
    if _is_method(attempt.entry):
        return expected, "return None or 0 from `init`: anything else refuses the load"
    return (
        expected,
        "an init refuses when version, signature or size are not those it was compiled for: "
        f"compile it against {header}, and read what it logged",
    )


def _crashed(attempt: Attempt) -> tuple[str, str]:
    if attempt.code:
        end = f"it ended with {signal.Signals(attempt.code).name}"
    else:
        end = "it did not return in time"
    return (
        f"expected {attempt.entry} to return when it is called as {attempt.revision} says; tried "
        f"in a child process, {end}",
        f"nothing in the library says that it is {attempt.revision}: give the revision that it was "
        "compiled for with revision=, or compile it against a header of mesibo_abi",
    )


def _damaged(attempt: Attempt) -> tuple[str, str]:
    assert attempt.damage is not None
    return f"after {attempt.entry}: {attempt.damage}", damage_hint(attempt.damage)


def _bad_slot(attempt: Attempt) -> tuple[str, str]:
    assert attempt.damage is not None
    slot = attempt.damage
    return (
        f"expected the callback `{slot.field}` (byte {slot.offset}) to point at code, found "
        f"{slot.found:#x}, where there is none",
        f"set mod->{slot.field} to a function of the module, or leave it NULL",
    )


def _not_opened(attempt: Attempt) -> tuple[str, str]:
    if "undefined symbol" in attempt.text:
        symbol = attempt.text.partition("undefined symbol: ")[2].partition(" ")[0]
        hint = "link the library that defines it (-l...), or compile the source that does"
        if attempt.revision == Revision.DOC2019:
            hint += "; doc2019 modules reach host functions through the module struct"
        return f"expected every symbol to be defined, {symbol} is not: {attempt.text}", hint
    return (
        f"expected a library that the dynamic linker opens, it says: {attempt.text}",
        "build it for this machine, and see that the libraries it needs are installed (ldd)",
    )


def load_refused(attempt: Attempt) -> LoadError:
    """Why this module was not loaded."""
    words = {
        Refusal.NO_MEMORY: ("expected memory for the module's struct, there is none", "free some"),
        Refusal.HOST_CLOSED: ("expected an open host, it is being closed", "make a new Host"),
        Refusal.NO_SUCH_REVISION: (
            f"expected a revision that this host loads, got {attempt.revision!r}",
            "leave revision= out, or compile the module against doc2019",
        ),
        Refusal.NO_ENTRY: (
            f"expected the symbol {attempt.entry}, the dynamic linker says: {attempt.text}",
            "define it with C linkage, or name another with entry_point=",
        ),
        Refusal.NOT_STARTED: (
            f"expected a worker process for it, there is none: {attempt.text}",
            "free memory, descriptors or processes; or load it without isolated",
        ),
        Refusal.NOT_LIMITED: (
            "expected a worker process that keeps to its limits, the kernel does not set one of "
            f"them: {attempt.text}",
            "leave that limit out, or run where the kernel allows it",
        ),
        Refusal.INIT_CRASHED: (
            f"expected {attempt.entry} to return 0, its process ended",
            "see the exception above",
        ),
        Refusal.INIT_FAILED: (
            f"expected {attempt.entry} to return 0, Python code that it called failed",
            "see the exception above",
        ),
    }
    say = {
        Refusal.NOT_OPENED: _not_opened,
        Refusal.GUESS_CRASHED: _crashed,
        Refusal.INIT_REFUSED: _refused,
        Refusal.INIT_DAMAGED: _damaged,
        Refusal.BAD_SLOT: _bad_slot,
    }.get(attempt.kind)
    detail, hint = say(attempt) if say is not None else words[attempt.kind]
    where = f" from {attempt.path}" if attempt.path is not None else ""
    return LoadError(
        f"cannot load module {attempt.name!r}{where}",
        path=attempt.path,
        detail=detail,
        hint=hint,
        logs=attempt.logs,
        code=attempt.code if attempt.kind is Refusal.INIT_REFUSED else None,
        damage=str(attempt.damage) if attempt.kind is Refusal.INIT_DAMAGED else "",
    )


def closed_inside(module: str) -> ModuleError:
    """A module was to be closed by one of its own callbacks."""
    return ModuleError(
        f"module {module!r} cannot be closed inside its own callback",
        module=module,
        callback="cleanup",
        detail="expected a thread outside of the module, this one is in the middle of its code",
        hint="close it after the callback has returned",
    )


def close_timeout(module: str, seconds: float) -> ModuleError:
    """The host's lock could not be had."""
    return ModuleError(
        f"module {module!r} was not closed",
        module=module,
        callback="cleanup",
        detail=f"expected the host's lock within {seconds:g} s, a callback still has it",
        hint="callbacks must not block: see what the module waits for",
    )


def host_closed() -> ClosedError:
    """The host is closed, or was closed while the call was under way."""
    return ClosedError(
        "the host is closed",
        detail="expected an open host, `close` was called before",
        hint="make a new Host",
    )


def forked() -> ForkedError:
    """The host was made before this process was forked off."""
    return ForkedError(
        "the host belongs to the parent of this process",
        detail="expected the process that made it, this is a child made by fork: the host's "
        "threads and locks stayed behind",
        hint="make a new Host after the fork",
    )
