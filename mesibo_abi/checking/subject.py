"""What is checked, and what a check is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import libraries
from ..bridge.trial import Trial, layouts
from ..elf import Inspection, module_name
from ..evidence import Layout, Place
from ..host import Host
from ..symbols import definition, place_at, places, read_maps, symbolize
from ..types import LogRecord
from .lines import folded
from .notes import Notes
from .results import Finding

DEADLINE = 5.0
"""Seconds for a call, as for modules that are loaded isolated."""
_MOST_LINES = 20


class Skip(Exception):
    """A check cannot be tried, or there is nothing to try; the words say why."""


class Crash(Exception):
    """The module ended a process that the check started, or did not return there."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(findings[0].what)
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Target:
    """A module, and how it is to be loaded: what a process that checks it is told. `deadline` is
    for each of its calls, in seconds; `thread_safe`: several threads may be in it at once;
    `valgrind`: run it under that as well."""

    path: Path
    items: dict[str, str] = field(default_factory=dict)
    revision: str | None = None
    entry_point: str | None = None
    deadline: float = DEADLINE
    thread_safe: bool = False
    valgrind: bool = False


class Subject:
    """A module in the process that checks it. `notes` are for what is being tried."""

    def __init__(self, target: Target, notes: Notes) -> None:
        self.path = target.path
        self.items = target.items
        self.notes = notes
        self._target = target
        self._trials: list[Trial] = []
        self._said: list[LogRecord] = []
        self.name = module_name(target.path) or target.path.stem

    @functools.cached_property
    def inspection(self) -> Inspection:
        """What its file says."""
        return libraries.read(self.path).found

    @functools.cached_property
    def entry_point(self) -> str:
        """The symbol of its init."""
        return self._target.entry_point or self.inspection.entry_point or ""

    @property
    def target(self) -> Target:
        """How it was asked to be checked."""
        return self._target

    @property
    def entry_point_is_given(self) -> bool:
        """Whether the name of its file does not matter."""
        return self._target.entry_point is not None

    @functools.cached_property
    def revision(self) -> str:
        """Its revision; where only its init can tell, that is asked. Raises LoadError."""
        choice = libraries.choose_revision(self.name, self.inspection, self._target.revision)
        if choice.otherwise is None:
            return choice.first
        self.notes.write("asking its init for the revision", "init")
        with Host() as host:
            return host.load(self.name, self.path, config=self.items).revision

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """The structs of its revision."""
        return layouts(self.revision)

    def trial(self, place: Place = Place.ROOMY, items: Mapping[str, str] | None = None) -> Trial:
        """The module by itself, its init not yet called. `place` is where its struct lies, `items`
        stand in place of those of the subject."""
        self.notes.write("opening the library")
        trial = Trial(
            label=self.name,
            path=self.path,
            entry=self.entry_point,
            revision=self.revision,
            items=dict(self.items if items is None else items),
            keep_mapped=libraries.read(self.path).starts_threads,
            has_synchronous=self.inspection.has_synchronous,
            place=place,
        )
        self.notes.write("calling init", "init", trial.areas())
        self._trials.append(trial)
        return trial

    def close(self, trial: Trial) -> None:
        """Ends it, and closes its library."""
        self._said += trial.logs()
        trial.close()
        self._trials.remove(trial)

    def where_init(self) -> str | None:
        """Where its init is defined, for findings."""
        return self.where(self.entry_point)

    def where_called(self, callback: str) -> str | None:
        """Where a callback of the last trial, or init, is defined."""
        if callback == "init":
            return self.where_init()
        slots = self._trials[-1].slots() if self._trials else {}
        address, is_code = slots.get(callback, (0, False))
        return self.where_mapped(address) if is_code else None

    def where(self, function: str) -> str | None:
        """Where a function of it is defined."""
        found = definition(self.path, function)
        return None if found is None else found.with_path()

    def where_mapped(self, address: int) -> str | None:
        """What stands at an address of this process, where its code is mapped."""
        maps = read_maps(Path("/proc/self/maps").read_text())
        (frame,) = symbolize(places([address], maps))
        if frame.file is None or frame.function is None:
            return None
        return self.where(frame.function) or frame.with_path()

    def where_on_stack(self, frames: Sequence[int], maps: str | None = None) -> str | None:
        """The innermost place of it on a stack of return addresses; `maps` is the text of
        /proc/self/maps while it was there, None: it still is."""
        known = read_maps(Path("/proc/self/maps").read_text() if maps is None else maps)
        home = self.path.resolve()
        own = [mapping for mapping in known if mapping.path == home]
        for address in frames:
            if any(mapping.start <= address < mapping.end for mapping in own):
                (frame,) = symbolize([place_at(address, 1, known)])
                return frame.with_path()
        return None

    def logged(self) -> tuple[str, ...]:
        """What it logged in trials, the last lines of it."""
        self._said += (record for trial in self._trials for record in trial.logs())
        return tuple(folded(record.text for record in self._said)[-_MOST_LINES:])


Run = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check. `says` is what it looks for and why, in one line; `needs` are checks without which
    it would only find the same again: where one of them failed, it is skipped."""

    name: str
    says: str
    run: Run
    needs: tuple[str, ...] = ()
