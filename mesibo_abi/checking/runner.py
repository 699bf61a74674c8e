"""Runs checks of a module, each in its own process, and makes the report."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from .. import loading
from ..checks import as_path
from ..elf import inspect
from ..errors import InputError
from ..types import Revision
from . import blame, memcheck
from .catalogue import chosen
from .notes import Notes
from .results import CheckReport, CheckResult, Outcome
from .running import run_check
from .subject import DEADLINE, Check, Subject, Target
from .supervisor import Supervisor

Progress = Callable[[CheckResult], None]

TIMEOUT = 30.0
"""Seconds for a check."""


class _Runner(Protocol):
    """Where a check runs."""

    def run(self, check: Check) -> CheckResult: ...


def check(
    path: str | os.PathLike[str],
    *,
    config: Mapping[str, str] | None = None,
    revision: Revision | str | None = None,
    entry_point: str | None = None,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    timeout: float = TIMEOUT,
    deadline: float = DEADLINE,
    thread_safe: bool = False,
    valgrind: bool = False,
    in_process: bool = False,
    progress: Progress | None = None,
) -> CheckReport:
    """Checks whether a library keeps the contract of modules, and returns what was found.

    `config` are the items of its configuration; `revision` and `entry_point` are for libraries that
    do not tell. `only` and `skip` are names of checks, such as "static.machine", the part before
    the dot, or patterns with `*`. Each check runs in a process of its own, for at most `timeout`
    seconds: what a module does there, a crash too, is a result. `deadline` is what each of its
    calls may take, in seconds; `thread_safe` has several threads in it at once, as a host does that
    loads it so; `valgrind` runs it under that as well. `in_process` runs them in this process,
    where a module that crashes ends it: for a debugger. `progress` gets each result at once, but
    for a crash that another check is to tell of: at the end.

    Raises LoadError for what is no library, InputError for names of no check, for a module in
    Python, for a source, and where there is no valgrind. Any thread.
    """
    file = as_path("check: the module", path).absolute()
    _refuse_others(file)
    items = loading.items_of(file.name, config)
    loading.check_entry_point(file.name, entry_point)
    found = inspect(file)
    given = None if revision is None else str(revision)
    if valgrind:
        memcheck.require()
    target = Target(file, items, given, entry_point, deadline, thread_safe, valgrind)
    checks = chosen(tuple(only), tuple(skip))
    results = _run_all(checks, target, timeout, in_process, progress)
    return CheckReport(file, given or found.revision, results)


def _refuse_others(file: Path) -> None:
    if file.suffix == ".py":
        raise InputError(
            f"{file}: a module in Python",
            detail="expected a library: what is checked is how C code treats the memory that it is "
            "handed, found a Python file",
            hint="test it with pytest: load it in a mesibo_abi.Host, and process messages",
        )
    if file.suffix in (".c", ".cc", ".cpp", ".cxx", ".C", ".c++", ".cp"):
        raise InputError(
            f"{file}: a source, not a module",
            detail=f"expected a library, found a name that ends in {file.suffix}",
            hint="build it first: mesibo-abi build",
        )


def _run_all(
    checks: Sequence[Check],
    target: Target,
    timeout: float,
    in_process: bool,
    progress: Progress | None,
) -> tuple[CheckResult, ...]:
    tell = progress or (lambda _result: None)
    results: dict[str, CheckResult] = {}
    blocked: set[str] = set()
    with Supervisor(target, timeout) if not in_process else _Here(target) as runner:
        for each in checks:
            reason = _reason_to_skip(each, results, blocked)
            if reason is not None:
                blocked.add(each.name)
                result = CheckResult(each.name, each.says, Outcome.SKIPPED, reason=reason)
            else:
                result = runner.run(each)
            result = dataclasses.replace(result, reproduce=_command(each.name, target, timeout))
            results[each.name] = result
            if not blame.is_by_the_way(result):
                tell(result)
    for result in blame.settle(results).values():
        results[result.check] = result
        tell(result)
    return tuple(results.values())


def _reason_to_skip(
    check: Check, results: Mapping[str, CheckResult], blocked: set[str]
) -> str | None:
    for name in check.needs:
        if name in blocked:
            return f"needs {name}, which was skipped"
        result = results.get(name)
        if result is not None and result.outcome.is_bad and not blame.is_by_the_way(result):
            return f"needs {name}, which {result.outcome}"
    return None


def _command(name: str, target: Target, timeout: float) -> str:
    options = [f"{key}={value}" for key, value in target.items.items()]
    words = ["mesibo-abi", "check", "--only", name]
    words += [word for item in options for word in ("--config", item)]
    words += ["--revision", target.revision] if target.revision is not None else []
    words += ["--entry-point", target.entry_point] if target.entry_point is not None else []
    words += ["--deadline", f"{target.deadline:g}"] if target.deadline != DEADLINE else []
    words += ["--timeout", f"{timeout:g}"] if timeout != TIMEOUT else []
    words += ["--thread-safe"] if target.thread_safe else []
    words += ["--valgrind"] if target.valgrind else []
    return shlex.join([*words, str(target.path)])


class _Here:
    """In this process."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._notes = Notes()

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        self._notes.close()

    def run(self, check: Check) -> CheckResult:
        return run_check(check, Subject(self._target, self._notes))
