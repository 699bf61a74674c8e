"""`mesibo-abi build`: compiles a module."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..types import Revision
from .terminate import terminable

_EXTRA = "mesibo_abi.extra_args"


class WithExtraArguments(click.Command):
    """Keeps what stands behind `--` for the compiler; click would take it for sources."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes it off, and lets click have the rest."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[_EXTRA] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """With what may stand behind."""
        return [*super().collect_usage_pieces(ctx), "[-- ARGUMENTS]"]


def extra_arguments(ctx: click.Context) -> tuple[str, ...]:
    """What stood there."""
    found: tuple[str, ...] = ctx.meta[_EXTRA]
    return found


@click.command("build", cls=WithExtraArguments)
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=str),  # not a Path: that forgets a slash at the end
    metavar="FILE",
    help="The library, or a directory for mesibo_mod_NAME.so.  [default: .]",
)
@click.option("--name", help="The module's name.  [default: that of the output or first source]")
@click.option(
    "--revision",
    type=click.Choice([str(revision) for revision in Revision]),
    default=str(Revision.DOC2019),
    show_default=True,
    help="Whose header to compile against.",
)
@click.option("--debug", is_flag=True, help="Compile with -O0.")
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[Path, ...],
    output: str | None,
    name: str | None,
    revision: str,
    debug: bool,
) -> None:
    """Compile SOURCES into a module.

    They are C or C++. Runs $CC and $CXX, else cc and c++, and prints the path of the library. What
    the compiler warns of, and what `inspect` finds, goes to standard error. ARGUMENTS go to the
    compiler and the linker.
    """
    from ..compiler import build

    with terminable():
        library = build(
            sources,
            name=name,
            revision=revision,
            output=output,
            debug=debug,
            extra_args=extra_arguments(ctx),
        )
    click.echo(os.fsencode(library))
