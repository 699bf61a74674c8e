"""`mesibo-abi bench`: this package beside other ways of doing the same work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .text import say

if TYPE_CHECKING:
    from ..bench.results import Report


@click.command("bench")
@click.option("--quick", is_flag=True, help="Fewer samples: a minute at most, once compiled.")
@click.option("--only", metavar="PATTERN", help="Only paths whose name has this in it; * is any.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("bench-results"),
    show_default=True,
    metavar="DIR",
    help="Write the results there.",
)
@click.option("--list", "as_list", is_flag=True, help="Say what is measured, and measure nothing.")
def command(quick: bool, only: str | None, output: Path, as_list: bool) -> None:
    """Measure the paths between Python and native modules.

    Each path is timed beside raw C, a hand-written C extension, nanobind, pybind11, cffi and ctypes
    doing the same work on the same module, in turns, after their results were compared. Peers are
    compiled when they are first wanted; nanobind, pybind11, cffi and matplotlib come with
    `pip install 'mesibo_abi[bench]'`, and what is missing is left out.

    Prints what was reached of the goals, and writes pythonX.Y.json, .md and .svg. What is not
    reached is no failure.
    """
    from ..bench.running import chosen, run

    trials = chosen(only)
    if as_list:
        click.echo("".join(f"{trial.name:{_NAMES}}{trial.title}\n" for trial in trials), nl=False)
        return
    _show(run(trials, quick=quick, say=say), output)


_NAMES = 17  # columns


def _show(report: Report, output: Path) -> None:
    from ..bench.report import markdown, picture, words
    from ..bench.results import write

    output.mkdir(parents=True, exist_ok=True)
    stem = f"python{words.series(report.machine)}"
    write(report, output / f"{stem}.json")
    (output / f"{stem}.md").write_text(markdown.page(report))
    written = [f"{stem}.json", f"{stem}.md"]
    if (absent := picture.absent()) is not None:
        say(absent)
    elif picture.draw([report], output / f"{stem}.svg"):
        written.append(f"{stem}.svg")
    click.echo(markdown.reaches([report]), nl=False)
    say(f"written to {output}: {', '.join(written)}")
