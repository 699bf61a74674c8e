"""What a trace file says, and modules that do all there is, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import mesibo_abi
from mesibo_abi import Crossing, HttpRequest, HttpResponse
from tests.conftest import SOURCES


def crossings(path: Path) -> list[Crossing]:
    """All of a file of JSON lines that was closed, which is whole."""
    first, *middle, last = path.read_bytes().splitlines()
    begin, end = json.loads(first), json.loads(last)
    assert (begin["trace"], begin["version"], end["trace"]) == ("begin", 1, "end")
    found = [Crossing.from_json(line) for line in middle]
    assert (end["crossings"], end["dropped"]) == (len(found), 0)
    assert len({(crossing.process, crossing.id) for crossing in found}) == len(found)
    check_nesting(found)
    return found


def check_nesting(found: Iterable[Crossing]) -> None:
    """Each lies in its parent, on the same thread, and otherwise they do not overlap."""
    known = {(crossing.process, crossing.id): crossing for crossing in found}
    for crossing in known.values():
        if crossing.parent is not None:
            parent = known[crossing.process, crossing.parent]
            assert parent.thread == crossing.thread
            assert parent.start <= crossing.start
            assert end_of(crossing) <= end_of(parent)
    spans = [(c.process, c.thread, c.start, end_of(c)) for c in known.values()]
    check_spans(spans)


def check_spans(spans: Iterable[tuple[int, int, float, float]]) -> None:
    """Of process, thread, start and end: those of a thread are inside of each other, or apart."""
    ordered = sorted(spans, key=lambda span: (span[:2], span[2], -span[3]))
    for _, of_thread in groupby(ordered, key=lambda span: span[:2]):
        open_until: list[float] = []
        for *_, start, end in of_thread:
            while open_until and open_until[-1] <= start:
                open_until.pop()
            assert not open_until or end <= open_until[-1]
            open_until.append(end)


def end_of(crossing: Crossing) -> float:
    return float("inf") if crossing.duration is None else crossing.start + crossing.duration


def functions(found: Iterable[Crossing]) -> list[str]:
    return [crossing.function for crossing in found]


def everything(revision: str, folder: Path) -> Path:
    source = SOURCES / ("" if revision == "doc2019" else revision) / "everything.c"
    return mesibo_abi.build(
        source, output=folder / "mesibo_mod_everything.so", name="everything", revision=revision
    )


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, {"Content-Type": "text/plain"}, b"page")
