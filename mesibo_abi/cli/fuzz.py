"""`mesibo-abi fuzz`: what breaks this module?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..errors import InputError
from ..types import Revision
from .arguments import SOURCE_SUFFIXES
from .build import WithExtraArguments, extra_arguments
from .items import items_of, module_options
from .seconds import Seconds
from .status import Status
from .terminate import terminable
from .text import printable, say

if TYPE_CHECKING:
    from ..fuzzing.budget import Budget
    from ..fuzzing.finding import Crash
    from ..fuzzing.subject import Subject

_DURATION = 60.0


@click.command("fuzz", cls=WithExtraArguments)
@click.argument(
    "modules", nargs=-1, metavar="MODULE.so | SOURCES...", type=click.Path(path_type=Path)
)
@click.option(
    "--duration",
    type=Seconds(min=0, min_open=True),
    metavar="SECONDS",
    help=f"Look so long.  [default: {_DURATION:g}, where there are no --runs]",
)
@click.option("--runs", type=click.IntRange(min=1), help="Look at so many cases.")
@click.option(
    "--events",
    type=click.IntRange(min=1),
    help="Make up cases of at most so many events, for sources; 1: single events.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many processes at once.",
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Begin with what is in there, findings too, and keep there what leads further.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    default=Path("findings"),
    show_default=True,
    help="Write findings there, and their tests.",
)
@click.option(
    "--sanitizer",
    type=click.Choice(["address", "thread"]),
    default="address",
    show_default=True,
    help="What watches a module that is compiled: for memory, leaks and undefined behaviour, or "
    "for races of threads.",
)
@module_options(
    revision="The header that sources are compiled against (doc2019 where none is given), or that "
    "of a library that does not tell its own."
)
@click.option(
    "--reproduce",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Run a finding again, with the module as it is now.",
)
@click.pass_context
def command(
    ctx: click.Context,
    modules: tuple[Path, ...],
    duration: float | None,
    runs: int | None,
    events: int | None,
    seed: int,
    jobs: int,
    corpus: Path | None,
    output: Path,
    sanitizer: str,
    configuration: tuple[str, ...],
    revision: str | None,
    entry_point: str | None,
    thread_safe: bool,
    reproduce: Path | None,
) -> None:
    """Look for what breaks a module.

    \b
      mesibo-abi fuzz filter.c
      mesibo-abi fuzz --duration 600 --corpus corpus --config mesibo.conf filter.c words.c
      mesibo-abi fuzz mesibo_mod_filter.so
      mesibo-abi fuzz --reproduce findings/stack-buffer-overflow-write-in-on-message-1f2e3d.jsonl

    SOURCES are compiled with sanitizers, and run in a program that makes up whole lives of the
    module: its configuration, events of all kinds, replies of the network, reloads. What of the
    module is reached leads to the next. A library is run as it is, in a process of its own and in
    front of pages that may not be touched. Each finding is written as a file with the smallest life
    that ends in it, and as a test for pytest, which fails until the module is mended. ARGUMENTS go
    to the compiler.

    Exit status: 0 nothing was found, 1 something was, 2 it could not be run, 130 it was
    interrupted: what was found until then is written.
    """
    with terminable():
        if reproduce is not None:
            _check_nothing_else(ctx, modules, reproduce)
            ctx.exit(_reproduce(reproduce))
        subject = _subject(
            modules,
            configuration=configuration,
            revision=revision,
            entry_point=entry_point,
            arguments=extra_arguments(ctx),
            sanitizer=sanitizer,
            thread_safe=thread_safe,
        )
        from ..fuzzing.budget import Budget

        if subject.library is not None:
            _check_for_library(ctx, subject)
        if duration is None and runs is None:
            duration = _DURATION
        ctx.exit(_fuzz(subject, Budget(duration, runs, seed, jobs, events), corpus, output))


_EXTRA = "what follows --"


def _given(ctx: click.Context) -> dict[str, str]:
    """The options on the command line, each with all that stands there of it."""
    given = {}
    for option in ctx.command.params:
        name = str(option.name)
        if (
            isinstance(option, click.Option)
            and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        ):
            spelled, value = option.opts[-1], ctx.params[name]
            several = value if option.multiple else [value]
            words = (f"{spelled} {each}" for each in several)
            given[spelled] = spelled if option.is_flag else " ".join(words)
    if extra_arguments(ctx):
        given[_EXTRA] = " ".join(("--", *extra_arguments(ctx)))
    return given


def _check_nothing_else(ctx: click.Context, modules: tuple[Path, ...], finding: Path) -> None:
    """What is given beside a finding would be passed over."""
    options = [words for option, words in _given(ctx).items() if option != "--reproduce"]
    if modules or options:
        raise InputError(
            f"{finding}: it says itself of which module it is, and how that is run",
            detail="expected nothing beside --reproduce, found "
            + ", ".join([*map(str, modules), *options]),
            hint="leave that out: the module is built as it is now, and the case is in the file",
        )


_FOR_SOURCES = ("--events", "--sanitizer", "--thread-safe", _EXTRA)


def _check_for_library(ctx: click.Context, subject: Subject) -> None:
    """What is for those who compile is refused, and not passed over."""
    for option, words in _given(ctx).items():
        if option in _FOR_SOURCES:
            raise InputError(
                f"{subject.path}: {option} is for sources",
                detail=f"expected the sources of a module, found a library, and {words}",
                hint="leave it out, or give the sources",
            )


def _subject(
    modules: tuple[Path, ...],
    *,
    configuration: tuple[str, ...],
    revision: str | None,
    entry_point: str | None,
    arguments: tuple[str, ...],
    sanitizer: str,
    thread_safe: bool,
) -> Subject:
    from ..compiler import flags_of_environment
    from ..fuzzing.subject import Sanitizer, Subject

    libraries = [path for path in modules if path.suffix not in SOURCE_SUFFIXES]
    if not modules or (libraries and len(modules) > 1):
        raise InputError(
            "fuzz: " + ("several modules" if modules else "no module"),
            detail="expected one library or the sources of one module, found "
            + (", ".join(map(str, modules)) or "none"),
            hint="such as: mesibo-abi fuzz filter.c",
        )
    return Subject(
        library=libraries[0] if libraries else None,
        sources=() if libraries else modules,
        revision=None if revision is None else Revision(revision),
        entry_point=entry_point,
        config=items_of(configuration, modules[0]),
        # A finding is built anew where the environment may be another.
        arguments=arguments if libraries else (*flags_of_environment(modules), *arguments),
        sanitizer=Sanitizer.NONE if libraries else Sanitizer(sanitizer),
        thread_safe=thread_safe,
    )


def _fuzz(subject: Subject, budget: Budget, corpus: Path | None, output: Path) -> Status:
    from ..fuzzing import files
    from ..fuzzing.campaign import distinct
    from ..fuzzing.engines import open_engine
    from .fuzz_progress import FuzzProgress

    bar, count = FuzzProgress(budget), 0
    with _said_when_interrupted(lambda: bar.summary(count)), ExitStack() as stack:
        if corpus is None:
            corpus = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mesibo_corpus-")))
        else:
            stack.enter_context(_kept_folder(corpus, "--corpus", "cases cannot be kept there"))
        stack.enter_context(_kept_folder(output, "--output", "findings cannot be written there"))
        stack.enter_context(_hypothesis_elsewhere())
        stack.enter_context(bar)
        engine = stack.enter_context(open_engine(subject))
        bar.begin()
        for finding in distinct(engine, budget, corpus, bar.update):
            count += 1
            with bar.aside():
                click.echo(f"found      {printable(finding.crash.signature)}")
                click.echo(_evidence(finding.crash))
                _tell_where(*files.write(finding, subject, output))
    if budget.duration is not None and not bar.has_looked and not count:
        raise InputError(
            f"{subject.path}: no case was run",
            detail=f"expected one at least, found none when the time was over, "
            f"{budget.duration:g} s",
            hint="give it longer, by --duration",
        )
    say(bar.summary(count))
    return Status.FOUND if count else Status.DONE


@contextmanager
def _said_when_interrupted(words: Callable[[], str]) -> Iterator[None]:
    """What was found is written, and is not to be looked for in vain."""
    try:
        yield
    except KeyboardInterrupt:
        say(words())
        raise


_STORAGE = "HYPOTHESIS_STORAGE_DIRECTORY"


@contextmanager
def _hypothesis_elsewhere() -> Iterator[None]:
    """It keeps what it knows of Python's characters where it is started: that is not asked for."""
    from ..fuzzing.program import cache

    given = os.environ.get(_STORAGE)
    os.environ[_STORAGE] = given or str(cache() / "hypothesis")
    try:
        yield
    finally:
        if given is None:
            del os.environ[_STORAGE]


@contextmanager
def _kept_folder(folder: Path, option: str, what: str) -> Iterator[None]:
    """One that can be written into: before a search that would be in vain. Where it was made for
    that and nothing came of it, it is gone again. Raises InputError."""
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{folder}: {what}",
            detail=f"expected a folder to write into, found: {error.strerror}",
            hint=f"give another to {option}",
        ) from error
    try:
        yield
    finally:
        if made:
            with suppress(OSError):  # there is something in it
                folder.rmdir()


def _tell_where(path: Path, test: Path) -> None:
    click.echo(f"case       {path}")
    click.echo(f"test       {test}")
    click.echo(f"again      mesibo-abi fuzz --reproduce {path}\n")


_LINES = 12


def _evidence(crash: Crash) -> str:
    """The lines of the report that say most."""
    lines = [line.rstrip() for line in crash.report.splitlines() if line.strip(" =")]
    shown = [*lines[:_LINES], *(["..."] if len(lines) > _LINES else [])]
    return "\n".join(
        f"{'evidence' if n == 0 else '':11}{printable(line)}" for n, line in enumerate(shown)
    )


def _reproduce(path: Path) -> Status:
    from ..fuzzing.reproducing import reproduce

    crash = reproduce(path)
    if crash is None:
        click.echo(f"{path}: nothing was found: the case ends as it should")
        return Status.DONE
    click.echo(f"found      {printable(crash.signature)}")
    click.echo("\n".join(map(printable, crash.report.splitlines())))
    return Status.FOUND
