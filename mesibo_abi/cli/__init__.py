"""The command `mesibo-abi`. One file a command; none imports what is slow before it runs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from ..errors import Error
from . import bench, build, check, doctor, fuzz, inspect, new, run
from .status import Status
from .text import in_words, say


class Commands(click.Group):
    """Says in words what went wrong in a command."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command. An Error is printed, without a traceback, and the status is 2."""
        with plain_warnings():
            try:
                return super().invoke(ctx)
            except Error as error:
                say(in_words(error))
                ctx.exit(Status.NOT_DONE)
            except KeyboardInterrupt:
                ctx.exit(Status.INTERRUPTED)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Prints this package's warnings for people, each time; all others as Python does."""
    ordinary = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if category.__module__.startswith("mesibo_abi."):
            say(f"warning: {message}")
        else:
            ordinary(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


@click.group(
    cls=Commands,
    name="mesibo-abi",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 done and something was found, 2 could not be done.",
)
@click.version_option(package_name="mesibo_abi", message="mesibo-abi %(version)s")
def main() -> None:
    """Build, inspect, check, fuzz, run and measure modules of Mesibo servers."""


for each in (bench, build, check, doctor, fuzz, inspect, new, run):
    main.add_command(each.command)
