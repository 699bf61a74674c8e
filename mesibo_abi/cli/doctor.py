"""`mesibo-abi doctor`: is what this package uses there, and does it work?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .status import Status
from .text import printable

if TYPE_CHECKING:
    from ..doctor import Area, Tool

_COLOURS = {"found": "green", "spared": None, "missing": "red", "broken": "red"}
_FIRST = 9  # columns of the state
_NAME = 31


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, on a line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say which compilers, sanitizers, fuzzers, debuggers and packages are there.

    Each compiler, sanitizer and fuzzer has to compile and run a small program. For what is missing
    or does not work there is the reason, and how to install it.

    Exit status: 0 all is there, 1 something is missing or does not work.
    """
    from ..doctor import examine

    tools = list((_kept if as_json else _shown)(examine()))
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"tools": tools}))
    else:
        well = sum(tool.state.is_well for tool in tools)
        click.echo(f"{well} of {len(tools)} are as they should be")
    ctx.exit(Status.DONE if all(tool.state.is_well for tool in tools) else Status.FOUND)


def _kept(tools: Iterator[Tool]) -> Iterator[Tool]:
    return tools


def _shown(tools: Iterator[Tool]) -> Iterator[Tool]:
    """Each is written when it has been looked at, below the heading of its area."""
    area: Area | None = None
    for tool in tools:
        if tool.area is not area:
            area = tool.area
            click.secho(area, bold=True)
        _write(tool)
        yield tool


def _write(tool: Tool) -> None:
    colour = _COLOURS[tool.state]
    state = click.style(f"{tool.state:{_FIRST}}", fg=colour, bold=not tool.state.is_well)
    facts = "  ".join(filter(None, (tool.version, tool.path))) or tool.purpose
    click.echo(f"{state}{tool.name:{_NAME}}{printable(facts)}")
    if tool.detail:
        click.echo(f"{'':{_FIRST}}{printable(tool.detail)}")
    if tool.install:
        click.echo(f"{'':{_FIRST}}install: {printable(tool.install)}")
