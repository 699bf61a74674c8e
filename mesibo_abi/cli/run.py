"""`mesibo-abi run`: messages through a chain of modules, verdicts out."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..tracing import Trace, TraceForm
from ..types import OnFailure, Revision
from .arguments import Plan, read_arguments
from .isolating import Isolating, isolation_options
from .seconds import Seconds
from .status import Status
from .text import say

if TYPE_CHECKING:
    from ..host import Host
    from ..tracing import Traced
    from .gdb import Debugger
    from .output import Form
    from .parquet import ParquetSource
    from .source import Source
    from .tally import Tally
    from .watch import Watch
    from .writers import Writer


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `run`. `timeout` is in seconds."""

    output: Path | None
    form: Form
    logs: bool
    build: bool
    revision: str
    on_failure: OnFailure
    timeout: float
    keep_going: bool
    strict: bool
    quiet: bool
    stats: bool
    isolating: Isolating
    debug: Debugger | None
    trace: Trace | None
    progress: bool


@click.command("run")
@click.argument("arguments", nargs=-1, metavar="CONFIGURATION [MESSAGES] | MODULES...")
@click.option("-i", "--input", "messages", metavar="FILE", help="The messages; - or none: stdin.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the verdicts there; - or none: stdout.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "table", "parquet"]),
    help="How to write verdicts.  [default: table on a terminal, parquet for FILE.parquet, else "
    "jsonl]",
)
@click.option("--logs", is_flag=True, help="Write what modules log as well.")
@click.option(
    "--build",
    is_flag=True,
    help="First compile modules that are missing or older than their source.",
)
@click.option(
    "--revision",
    type=click.Choice([str(revision) for revision in Revision]),
    default=str(Revision.DOC2019),
    show_default=True,
    help="The header that --build compiles against.",
)
@click.option(
    "--on-failure",
    type=click.Choice([str(choice) for choice in OnFailure]),
    default=str(OnFailure.STOP),
    show_default=True,
    help="Deliver a message on which a module failed?",
)
@click.option(
    "--timeout",
    type=Seconds(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for open requests at the end.",
)
@click.option("--keep-going", is_flag=True, help="Report a bad line of input and go on.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything failed or was skipped.")
@click.option("-q", "--quiet", is_flag=True, help="No summary and no progress.")
@click.option("--stats", is_flag=True, help="Say what each module did, and how long it took.")
@isolation_options
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write every call to and from the modules there.",
)
@click.option(
    "--trace-format",
    type=click.Choice([str(form) for form in TraceForm]),
    help="How to write it.  [default: perfetto for FILE.json, else jsonl]",
)
@click.pass_context
def command(
    ctx: click.Context,
    arguments: tuple[str, ...],
    messages: str | None,
    output: Path | None,
    form: str | None,
    logs: bool,
    build: bool,
    revision: str,
    on_failure: str,
    timeout: float,
    keep_going: bool,
    strict: bool,
    quiet: bool,
    stats: bool,
    isolating: Isolating,
    trace: Path | None,
    trace_format: str | None,
) -> None:
    """Send messages through a chain of modules.

    \b
      mesibo-abi run mesibo.conf messages.jsonl
      mesibo-abi run --build filter.c greeter.py < messages.jsonl

    What becomes of each is written, a line each. Messages are JSON, one a line:

    \b
      {"from": "alice", "to": "bob", "id": 7, "message": "hello"}
      {"event": "status", "from": "bob", "to": "alice", "id": 7, "status": 2}
      {"event": "login", "address": "alice", "online": true}
      {"event": "config", "type": 1, "data": "..."}

    Further fields: aid refid groupid flags type expiry uflags (to_online) status sid device module;
    message_base64, from_base64, to_base64 and data_base64 for what is not text. Events: message,
    status, call, call_status, login, config.

    A file that ends in .parquet has a message in each row, in columns named message, to, from, id
    and so on; it is read by its path, not from standard input.

    Exit status: 0 all went through, whatever the verdicts; 1 with --strict, and something failed; 2
    it could not be run or a line is bad; 130 after Ctrl-C.
    """
    from .output import Gone, form_of, is_terminal
    from .progress import wanted
    from .trace import trace_of

    plan = read_arguments(arguments, messages)
    output = None if output == Path("-") else output
    options = Options(
        output=output,
        form=form_of(form, output),
        logs=logs,
        build=build,
        revision=revision,
        on_failure=OnFailure(on_failure),
        timeout=timeout,
        keep_going=keep_going,
        strict=strict,
        quiet=quiet,
        stats=stats,
        isolating=isolating,
        debug=_debugger(isolating.gdb),
        trace=trace_of(
            trace, trace_format, (output, plan.messages, plan.configuration, *plan.modules)
        ),
        progress=not quiet and wanted(is_terminal(output)),
    )
    try:
        ctx.exit(_run(plan, options))
    except Gone:
        ctx.exit(Status.READER_LEFT)


def _run(plan: Plan, options: Options) -> Status:
    """Opens everything, what may be wrong first."""
    from .loading import open_host
    from .output import open_output, open_writer
    from .source import open_source
    from .stdout import own_stdout
    from .tally import Tally
    from .watch import Watch

    tally = Tally()
    with (
        Watch() as watch,
        open_source(plan.messages) as source,
        own_stdout() if options.output is None else nullcontext() as stdout,
    ):
        plan = _built(plan, options)
        with (
            open_host(
                plan,
                options.on_failure,
                latencies=options.stats,
                isolating=options.isolating,
                trace=options.trace,
                debug=options.debug,
            ) as host,
            open_output(options.output, plan, stdout) as stream,
            open_writer(stream, options.form, options.output) as writer,
        ):
            watch.first = host.hurry
            watch.last = writer.close
            interrupted = _converse(host, source, writer, tally, options, watch)
    if interrupted:
        return Status.INTERRUPTED
    return Status.FOUND if options.strict and not tally.flawless else Status.DONE


def _converse(
    host: Host,
    source: Source | ParquetSource,
    writer: Writer,
    tally: Tally,
    options: Options,
    watch: Watch,
) -> bool:
    """Runs the source to its end, and says what it came to; whether Ctrl-C ended it early."""
    from .interrupt import Interrupt
    from .progress import Progress
    from .session import Session
    from .stats import in_columns

    bar = Progress(source.size, wanted=options.progress)
    if not options.quiet and source.is_terminal:
        say("reading messages from the terminal, one JSON object a line; Ctrl-D ends")
    with Interrupt(watch) as interrupt:
        session = Session(
            host,
            writer,
            tally,
            interrupt,
            logs=options.logs,
            keep_going=options.keep_going,
            report=say,
            progress=bar.update,
        )
        watch.last = session.abandon
        try:
            session.feed(source)
        finally:  # also after a bad line: what is under way is not lost
            try:
                session.finish(options.timeout)
            finally:
                bar.close()
            if not options.quiet:
                say(str(tally))
            if options.trace is not None and (traced := host.traced) is not None:
                _say_traced(options, options.trace, traced)
            if options.stats:
                say(in_columns(session.stats))
        return interrupt.asked


def _debugger(wanted: bool) -> Debugger | None:
    if not wanted:
        return None
    from .gdb import Debugger

    return Debugger()


def _say_traced(options: Options, trace: Trace, traced: Traced) -> None:
    from .trace import in_words

    if not options.quiet or traced.dropped:
        say(in_words(trace, traced))


def _built(plan: Plan, options: Options) -> Plan:
    if not options.build:
        return plan
    from .loading import Builder

    builder = Builder(options.revision)
    plan = builder.build(plan)
    if not options.quiet:
        for library in builder.built:
            say(f"built {library}")
    return plan
