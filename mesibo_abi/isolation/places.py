"""Where a module's process ended: its frames, with functions and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import Trace
from ..symbols import Frame, Place, symbolize, unfold
from .crash import INNERMOST, Crash, Kind
from .worker import PROGRAM

_MOST_FOUND = 8  # guesses that are shown


def trace(crash: Crash, path: Path) -> Trace:
    """The frames down to the module's outermost, and the place that a signature names."""
    module = _resolved(path)
    inside = [_is_in(place, module) for place in crash.places]
    last = max((i for i, is_inside in enumerate(inside) if is_inside), default=None)
    begin = _own_frames(crash) if crash.kind is Kind.EXIT else 0
    frames = symbolize(crash.places[begin : None if last is None else last + 1])
    first = next((frame for i, frame in enumerate(frames) if inside[begin + i]), None)
    cut = crash.left_out > 0 and len(crash.places) == INNERMOST
    if cut:
        frames += _guesses(crash, module)[::-1]
    elif first is None:
        guesses = _guesses(crash, module)
        first = next(iter(guesses), None)
        frames += guesses
    if first is None:
        first = next((frame for frame in frames if not _is_ours(frame.file)), None)
    gap = INNERMOST - begin if crash.left_out else len(frames)
    return Trace(_unfolded(frames[:gap]), crash.left_out, _unfolded(frames[gap:]), _spot(first))


def _guesses(crash: Crash, module: Path) -> tuple[Frame, ...]:
    """What was found on the stack, else the callback that ran."""
    found = [place for place in crash.found if _is_in(place, module)]
    if not found and crash.entry is not None and _is_in(crash.entry, module):
        (entry,) = symbolize([crash.entry])
        return (replace(entry, note="the callback that ran"),)
    once = dict.fromkeys(found)
    return tuple(
        replace(frame, note="found on the stack") for frame in symbolize(list(once)[:_MOST_FOUND])
    )


def _unfolded(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    return tuple(each for frame in frames for each in unfold(frame))


def _is_in(place: Place, module: Path) -> bool:
    return place.file is not None and _resolved(place.file) == module


def _own_frames(crash: Crash) -> int:
    """How many of the innermost frames are how the worker noticed: all but the function called."""
    ours = (not _is_ours(place.file) for place in crash.places)
    return max(next((i for i, is_other in enumerate(ours) if is_other), 0) - 1, 0)


def _is_ours(file: Path | None) -> bool:
    return file is not None and _resolved(file) == _resolved(PROGRAM)


def _spot(frame: Frame | None) -> str:
    if frame is None:
        return ""
    if frame.source is not None:
        return f"{frame.function or '??'} {frame.source.name}:{frame.line}"
    name = frame.file.name if frame.file is not None else "??"
    return f"{frame.function or '??'} {name}+{frame.offset:#x}"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except OSError:
        return path
