"""How far it is to the goals that were not reached, in time: what there is to save."""

from __future__ import annotations

from collections.abc import Sequence

from ..reach import Kind
from ..results import Comparison, Outcome, Report
from . import words
from .markdown import table


def gaps(reports: Sequence[Report]) -> str:
    """A row for each goal that some run has not reached: what it takes, and may take."""
    header, right = ["path", "compared"], [False, False]
    for report in reports:
        header += [words.series(report.machine), "goal leaves"]
        right += [True, True]
    rows: dict[tuple[str, str], list[str]] = {}
    for position, report in enumerate(reports):
        for outcome in report.outcomes:
            for each in outcome.comparisons:
                if each.reached is False:
                    key = (outcome.title, words.subject(each))
                    cells = rows.setdefault(key, [""] * 2 * len(reports))
                    cells[2 * position : 2 * position + 2] = [
                        words.time(_time(outcome, each.of)),
                        words.time(_allowed(outcome, each)),
                    ]
    if not rows:
        return "All goals were reached.\n"
    return table(header, [[*key, *cells] for key, cells in rows.items()], right)


def _time(outcome: Outcome, name: str) -> float:
    (found,) = (figure.net for figure in outcome.figures if figure.name == name)
    return found


def _allowed(outcome: Outcome, comparison: Comparison) -> float:
    """The most that it may take, in nanoseconds."""
    limit = comparison.limit
    assert limit is not None
    match comparison.kind:
        case Kind.TIMES:
            return limit * _time(outcome, comparison.against or "")
        case Kind.RATE:
            return _time(outcome, comparison.against or "") / limit
        case Kind.MORE:
            return _time(outcome, comparison.against or "") + limit
        case Kind.NANOSECONDS:
            return limit
        case _:
            return 1e9 / limit
