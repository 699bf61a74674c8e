"""The picture: a row a peer, a panel a path, time on a logarithmic axis."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..peers import INSTALL
from ..results import Report
from ..trial import PART
from . import words

# Each is readable on white and on a dark page.
_INK = "#7d8590"
_GRID = "#7d85904d"
_OURS = "#e8590c"
_OTHERS = "#3b82c4"

_PANELS = {
    "call": "Python calls a module, GIL held",
    "call-released": "the same, GIL released",
    "chain": "three modules",
    "keywords": "params from keywords, and the call",
    "upcall": "a module calls Python, GIL held",
    "upcall-released": "the same, GIL released",
}
_COLUMNS = 3
_HEAD = 0.6  # inches, for the legend
_MARKERS = ("o", "D")
_OWN = "mesibo_abi"


def absent() -> str | None:
    """Why there is no picture."""
    if find_spec("matplotlib") is None:
        return f"there is no picture: matplotlib is not installed; {INSTALL}"
    return None


def draw(reports: Sequence[Report], path: Path) -> bool:
    """Writes it as SVG, the same for the same reports. False: none of its paths was measured."""
    panels = [name for name in _PANELS if any(_times(report, name) for report in reports)]
    if not panels:
        return False
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    settings = {
        "svg.hashsalt": "mesibo_abi",
        "svg.fonttype": "none",
        "font.size": 10,
        "font.family": "sans-serif",
        "text.color": _INK,
        "axes.edgecolor": _INK,
        "axes.labelcolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
    }
    with matplotlib.rc_context(settings):
        columns = min(_COLUMNS, len(panels))
        rows = -(-len(panels) // columns)
        figure, grid = pyplot.subplots(
            rows, columns, figsize=(4.1 * columns, 3.1 * rows + _HEAD), squeeze=False
        )
        axes = list(grid.flat)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        for axis, name in zip(axes, panels, strict=False):
            _panel(axis, name, reports)
        _legend(figure, reports)
        figure.tight_layout(rect=(0, 0, 1, 1 - _HEAD / (3.1 * rows + _HEAD)))
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
        pyplot.close(figure)
    lines = (line.rstrip() for line in written.getvalue().splitlines())
    path.write_text("".join(f"{line}\n" for line in lines))
    return True


def _times(report: Report, name: str) -> dict[str, float]:
    """Nanoseconds by peer, of a trial."""
    return {
        figure.name: figure.net
        for outcome in report.outcomes
        if outcome.name == name
        for figure in outcome.figures
        if not figure.baseline and not figure.name.startswith(PART) and figure.net > 0
    }


def _panel(axis: Any, name: str, reports: Sequence[Report]) -> None:
    times = [_times(report, name) for report in reports]
    peers = list(dict.fromkeys(peer for each in times for peer in each))
    for position, each in enumerate(times):
        for row, peer in enumerate(peers):
            if peer in each:
                color = _OURS if peer.startswith(_OWN) else _OTHERS
                axis.plot(
                    each[peer],
                    row,
                    _MARKERS[position % len(_MARKERS)],
                    color=color,
                    markersize=7,
                    markerfacecolor=color if position == 0 else "none",
                    markeredgewidth=1.5,
                )
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_title(_PANELS[name], fontsize=11)
    axis.set_xscale("log")
    axis.set_yticks(range(len(peers)), peers)
    for label, peer in zip(axis.get_yticklabels(), peers, strict=True):
        if peer.startswith(_OWN):
            label.set_color(_OURS)
            label.set_fontweight("bold")
    axis.invert_yaxis()
    axis.margins(y=0.08)
    axis.xaxis.set_major_locator(LogLocator(subs=_steps(times)))
    axis.xaxis.set_major_formatter(lambda value, _: _tick(value))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.grid(True, color=_GRID, linewidth=0.8)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(length=0)


def _steps(times: Sequence[dict[str, float]]) -> tuple[int, ...]:
    """Which numbers of a decade have a tick, such that their labels have room."""
    shown = [time for each in times for time in each.values()]
    range_ = max(shown) / min(shown)
    if range_ <= 12:
        return (1, 2, 5)
    return (1, 3) if range_ <= 60 else (1,)


def _tick(nanoseconds: float) -> str:
    if nanoseconds < 1000:
        return f"{nanoseconds:g} ns"
    return f"{nanoseconds / 1000:g} \u00b5s"


def _legend(figure: Any, reports: Sequence[Report]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=_MARKERS[position % len(_MARKERS)],
            color=_INK,
            markerfacecolor=_INK if position == 0 else "none",
            label=f"CPython {words.series(report.machine)}",
        )
        for position, report in enumerate(reports)
    ]
    figure.legend(
        handles=handles,
        loc="upper center",
        ncols=len(handles) + 1,
        frameon=False,
        title="time of one call: further left is less",
        title_fontsize=10,
    )
