"""Tables in Markdown, of one run or of several, a run a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..results import Comparison, Figure, Outcome, Report
from . import words


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """`right` says which columns are numbers."""
    rule = ["---:" if each else "---" for each in right]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))


def reaches(reports: Sequence[Report]) -> str:
    """What is to be reached, what was, and what was left out."""
    header, right = ["path", "compared"], [False, False]
    for report in reports:
        header += [words.series(report.machine), "goal", ""]
        right += [True, True, False]
    rows = []
    for title, cells in _rows(reports):
        shown: list[str] = []
        for each in cells:
            shown += (
                [words.value(each), words.limit(each), words.judgement(each)]
                if each is not None
                else ["", "", ""]
            )
        first = next(each for each in cells if each is not None)
        rows.append([title, words.subject(first), *shown])
    return table(header, rows, right) + _left_out(reports)


def _rows(reports: Sequence[Report]) -> Iterator[tuple[str, list[Comparison | None]]]:
    """The comparisons, row by row; the title of a path stands in its first row."""
    for name, title in _trials(reports).items():
        found = [_outcome(report, name) for report in reports]
        keys = dict.fromkeys(
            (each.of, each.against)
            for outcome in found
            if outcome is not None
            for each in outcome.comparisons
        )
        for position, key in enumerate(keys):
            yield (
                title if position == 0 else "",
                [
                    next((c for c in outcome.comparisons if (c.of, c.against) == key), None)
                    if outcome is not None
                    else None
                    for outcome in found
                ],
            )


def _trials(reports: Sequence[Report]) -> dict[str, str]:
    """Their names and titles, in order, of all reports."""
    return {outcome.name: outcome.title for report in reports for outcome in report.outcomes}


def _outcome(report: Report, name: str) -> Outcome | None:
    return next((outcome for outcome in report.outcomes if outcome.name == name), None)


def _left_out(reports: Sequence[Report]) -> str:
    """Sentences about paths and peers that are not there."""
    sentences = dict.fromkeys(sentence for report in reports for sentence in report.missing)
    reasons: dict[str, list[str]] = {}
    for report in reports:
        for outcome in report.outcomes:
            if outcome.absent is not None:
                names = reasons.setdefault(outcome.absent, [])
                if outcome.name not in names:
                    names.append(outcome.name)
    for reason, names in reasons.items():
        sentences[f"Left out, as {reason}: {', '.join(names)}."] = None
    return "".join(f"\n{sentence}\n" for sentence in sentences)


def figures(reports: Sequence[Report]) -> str:
    """All times, path by path."""
    parts = []
    for name, title in _trials(reports).items():
        found = [_outcome(report, name) for report in reports]
        timed = [outcome for outcome in found if outcome is not None and outcome.figures]
        if timed:
            parts.append(f"### {title}\n\n{timed[0].what}\n\n{_times(reports, found)}")
    return "\n".join(parts)


def _times(reports: Sequence[Report], found: Sequence[Outcome | None]) -> str:
    header, right = [""], [False]
    for report in reports:
        header += [words.series(report.machine), "quartiles"]
        right += [True, True]
    by_name: dict[str, list[Figure | None]] = {}
    for position, outcome in enumerate(found):
        for figure in outcome.figures if outcome is not None else ():
            if not figure.baseline:
                row = by_name.setdefault(figure.name, [None] * len(reports))
                row[position] = figure
    rows = []
    for name, row in by_name.items():
        cells = [name]
        for each in row:
            cells += ["", ""] if each is None else [words.time(each.net), words.quartiles(each)]
        rows.append(cells)
    return table(header, rows, right)


def machine(reports: Sequence[Report]) -> str:
    """Where and with what they were made."""
    header, right = [""], [False]
    for report in reports:
        header.append(f"CPython {report.machine.python}")
        right.append(False)
    lines: dict[str, list[str]] = {
        "processor": [f"{r.machine.cpu}, {r.machine.cores} cores" for r in reports],
        "system": [r.machine.system for r in reports],
        "Python was compiled by": [r.machine.python_compiler for r in reports],
        "compilers": ["; ".join(r.machine.compilers) for r in reports],
    }
    for package in dict.fromkeys(name for r in reports for name in r.machine.versions):
        lines[package] = [r.machine.versions.get(package, "") for r in reports]
    return table(header, [[title, *cells] for title, cells in lines.items()], right)


def page(report: Report) -> str:
    """All of one run."""
    quick = ", quick: fewer samples" if report.quick else ""
    return (
        f"# Benchmark of mesibo_abi, CPython {report.machine.python}{quick}\n\n"
        f"{reaches([report])}\n## Times\n\n{figures([report])}\n## Made with\n\n{machine([report])}"
    )
