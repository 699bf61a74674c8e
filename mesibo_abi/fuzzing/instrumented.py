"""A module that is compiled to be fuzzed, and how the fuzz program is called for it."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from .. import libraries
from ..compiler import BuildWarning, build
from ..errors import InputError
from ..types import Revision
from .foreign import warn_of_foreign_functions
from .program import fuzz_program
from .subject import Sanitizer, Subject
from .toolchain import Toolchain, find
from .wire import MOST_ITEMS, MOST_OF_A_TEXT

DEADLINE = 10.0
"""Seconds for a case."""

# Addresses are given names here, and only of what is a finding.
_COMMON = "symbolize=0:exitcode=77:handle_abort=1:handle_sigill=1:print_legend=0"
_ENVIRONMENT = {
    "ASAN_OPTIONS": f"{_COMMON}:allocator_may_return_null=1:quarantine_size_mb=32",
    "UBSAN_OPTIONS": f"{_COMMON}:print_stacktrace=1",
    "TSAN_OPTIONS": f"{_COMMON}:halt_on_error=1:die_after_fork=0:report_thread_leaks=0:"
    "atexit_sleep_ms=0",
    "LSAN_OPTIONS": "report_objects=0",
}
_ENTRY_POINT = re.compile(r"mesibo_module_(\w+)_init", re.ASCII)
_OF_ALL_ITEMS = 1 << 20  # bytes: they are words of a command line


@dataclass(frozen=True, slots=True)
class Instrumented:
    """`library` lies in `folder`, which is whoever's made it."""

    subject: Subject
    toolchain: Toolchain
    program: Path
    library: Path
    revision: str
    entry_point: str
    has_synchronous: bool

    def command(self, mode: str, *options: str) -> list[str]:
        """Of the program: `serve`, to which each case brings all of its configuration, or
        `fuzz`."""
        command = [str(self.program), mode, str(self.library), self.entry_point, self.revision]
        command += ["--deadline", f"{DEADLINE:g}"]
        for name, value in self.subject.config.items() if mode == "fuzz" else ():
            command += ["--item", name, "--value", value]
        if self.has_synchronous:
            command.append("--has-synchronous")
        if self.subject.thread_safe:
            command.append("--thread-safe")
        if self.subject.sanitizer is Sanitizer.THREAD:
            command.append("--threads")
        return [*command, *options]

    def environment(
        self, *, alone: bool, leaks: bool = False, by_frames: bool = False
    ) -> dict[str, str]:
        """What the caller has set stands, but for what this depends on. `alone`: for a case by
        itself, which ends with its first error, and is told all of: who allocated what takes long.
        `leaks` are looked for; `by_frames`: callers by their frame pointers."""
        halts = f"halt_on_error={int(alone)}"
        asan = f"{halts}:detect_leaks={int(leaks)}:malloc_context_size={16 if alone else 2}"
        asan += f":fast_unwind_on_fatal={int(by_frames)}"
        asan += "" if alone or self.subject.sanitizer is Sanitizer.THREAD else ":handle_segv=0"
        more = {"ASAN_OPTIONS": asan, "UBSAN_OPTIONS": halts}
        found = dict(os.environ)
        for name, options in _ENVIRONMENT.items():
            found[name] = ":".join(filter(None, (found.get(name), options, more.get(name))))
        return found


def instrument(subject: Subject, folder: Path) -> Instrumented:
    """Compiles the module, and the fuzz program where that is not there. Raises BuildError,
    LoadError where what was built is no module, and InputError."""
    _check_items(subject)
    toolchain = find(subject.sanitizer)
    program = fuzz_program(toolchain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BuildWarning)  # `build` is where an author reads them
        library = build(
            subject.sources,
            name=_name_of(subject.entry_point),
            revision=str(subject.revision or Revision.DOC2019),
            output=f"{folder}/",
            extra_args=[*subject.arguments, *toolchain.module_flags],
            compilers=(toolchain.c, toolchain.cxx),
        )
    found = libraries.read(library).found
    warn_of_foreign_functions(subject, found)
    entry_point = subject.entry_point or found.entry_point
    if entry_point is None:
        raise InputError(
            f"{subject.path}: no init",
            detail="expected a function mesibo_module_<name>_init, found none",
            hint="give its name with --entry-point, or name the source as the module is named",
        )
    if entry_point not in found.exported:
        raise InputError(
            f"{subject.path}: it does not have the entry point that was named",
            detail=f"expected {entry_point}, found {', '.join(found.entry_points) or 'none'}",
            hint="name the one it has, or define that with C linkage and MESIBO_EXPORT",
        )
    revision = str(subject.revision or Revision.DOC2019)
    return Instrumented(
        subject, toolchain, program, library, revision, entry_point, found.has_synchronous
    )


def _name_of(entry_point: str | None) -> str | None:
    """That of the module whose init it is, for its file and MESIBO_MODULE; None: that of the
    source."""
    found = _ENTRY_POINT.fullmatch(entry_point or "")
    return None if found is None else found[1]


def _check_items(subject: Subject) -> None:
    texts = [
        len(text.encode("utf-8", "surrogateescape"))
        for item in subject.config.items()
        for text in item
    ]
    for found, most, what in (
        (len(subject.config), MOST_ITEMS, "items"),
        (max(texts, default=0), MOST_OF_A_TEXT, "bytes in a name or a value"),
        (sum(texts), _OF_ALL_ITEMS, "bytes in all names and values"),
    ):
        if found > most:
            raise InputError(
                f"{subject.path}: its configuration is too large to be fuzzed with",
                detail=f"expected at most {most:,} {what}, found {found:,}",
                hint="give those alone, by --config, that the module needs",
            )
