"""`mesibo-abi check`: does this module keep the contract?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import Error, InputError
from .items import items_of, module_options
from .seconds import Seconds
from .status import Status
from .text import in_words, reason_of, say

if TYPE_CHECKING:
    from ..checking.results import CheckReport, CheckResult


@click.command("check")
@click.argument("modules", nargs=-1, type=click.Path(path_type=Path))
@module_options(revision="For modules that do not tell their own.")
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Only these checks: a name, its area, or *."
)
@click.option("--skip", multiple=True, metavar="PATTERN", help="All but these checks.")
@click.option("--list", "as_list", is_flag=True, help="Say what is checked, and check nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a module, on a line.")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write JUnit XML there as well.",
)
@click.option(
    "--timeout",
    type=Seconds(min=0.01),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="So long may a check take.",
)
@click.option(
    "--deadline",
    type=Seconds(min=0.001),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="So long may each call take, in resources.time and resources.at-once.",
)
@click.option("--valgrind", is_flag=True, help="Run it under valgrind as well.")
@click.option(
    "--in-process",
    is_flag=True,
    help="Check in this process, for a debugger: a module that crashes ends it.",
)
@click.pass_context
def command(
    ctx: click.Context,
    modules: tuple[Path, ...],
    configuration: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    as_list: bool,
    as_json: bool,
    junit: Path | None,
    revision: str | None,
    entry_point: str | None,
    timeout: float,
    deadline: float,
    thread_safe: bool,
    valgrind: bool,
    in_process: bool,
) -> None:
    """Check whether MODULES keep the contract between modules and hosts.

    \b
      mesibo-abi check mesibo_mod_filter.so
      mesibo-abi check --config mesibo.conf --only messages mesibo_mod_filter.so

    MODULES are libraries. Each check runs in a process of its own; what a module does there, a
    crash too, is a result: passed, warning, failed, crashed or skipped. For each finding there is
    the function and line, the evidence, the cure, and a command that runs that check again.

    Where a file cannot be checked, as it is no library, the others are checked all the same.

    Exit status: 0 nothing failed or crashed, 1 something did, 2 a file could not be checked.
    """
    from ..checking.catalogue import chosen

    checks = chosen(only, skip)
    if as_list:
        width = max((len(check.name) for check in checks), default=0) + 2
        click.echo("".join(f"{check.name:{width}}{check.says}\n" for check in checks), nl=False)
        return
    if not modules:
        raise InputError(
            "check: no module",
            detail="expected libraries, found none",
            hint="such as: mesibo-abi check mesibo_mod_filter.so",
        )
    from ..checking.runner import check

    def one(path: Path, progress: Callable[[CheckResult], None] | None) -> CheckReport:
        return check(
            path,
            config=items_of(configuration, path),
            revision=revision,
            entry_point=entry_point,
            only=only,
            skip=skip,
            timeout=timeout,
            deadline=deadline,
            thread_safe=thread_safe,
            valgrind=valgrind,
            in_process=in_process,
            progress=progress,
        )

    reports: list[CheckReport] = []
    shown = _as_json(one) if as_json else _as_table([each.name for each in checks], one)
    try:
        all_checked = _check_each(modules, shown, reports)
    finally:  # what was found before Ctrl-C
        if junit is not None:
            _write_junit(junit, reports)
    ctx.exit(_status(reports) if all_checked else Status.NOT_DONE)


_One = Callable[[Path, "Callable[[CheckResult], None] | None"], "CheckReport"]
_Shown = Callable[[Path], "CheckReport"]


def _check_each(modules: Sequence[Path], shown: _Shown, reports: list[CheckReport]) -> bool:
    """Whether all of them could be checked: what is wrong with one is no reason to leave out the
    others. It is said, once where it is the same for several."""
    said: list[str] = []
    for path in modules:
        try:
            reports.append(shown(path))
        except Error as error:
            words = in_words(error)
            if words not in said:
                say(words)
            said.append(words)
    return not said


def _status(reports: Sequence[CheckReport]) -> Status:
    return Status.DONE if all(report.passed for report in reports) else Status.FOUND


def _as_table(names: Sequence[str], one: _One) -> _Shown:
    from .check_table import CheckTable

    table = CheckTable(names)

    def shown(path: Path) -> CheckReport:
        table.begin(path)
        report = one(path, table.result)
        table.end(report)
        return report

    return shown


def _as_json(one: _One) -> _Shown:
    from ..checking.wire import encode

    def shown(path: Path) -> CheckReport:
        report = one(path, None)
        click.echo(encode(report))
        return report

    return shown


def _write_junit(path: Path, reports: Sequence[CheckReport]) -> None:
    from ..checking.junit import junit

    try:
        path.write_bytes(junit(reports))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written",
            detail=f"expected a file that may be written, found: {reason_of(error)}",
            hint="give another path to --junit",
        ) from error
