"""A stack, as calls with names: many addresses of a few files, each file asked for once, as an
addr2line for each address would take longer than all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import addr2line, debugging, demangling, inlining, tables
from .names import Names, innermost


@dataclass(frozen=True, slots=True)
class Place:
    """An address of a process: `address` there, `offset` the one that the symbols of `file` have
    for it (None: in no file)."""

    address: int
    offset: int
    file: Path | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a backtrace. `function` is None where nothing names it, `source` and `line` where
    there is no debugging information; `file` is the library or program, None where the address was
    in none; `offset` the address in it. Where the compiler inlined `function`, `callers` are the
    ones that called it, the last of which is `outer`, whose code it became; else that is `function`
    again. In a stack that was unfolded it is `inlined` into the next frame. `note` says how
    it was found, where no call led to it."""

    address: int
    file: Path | None
    offset: int
    function: str | None = None
    source: Path | None = None
    line: int | None = None
    outer: str | None = None
    callers: tuple[Frame, ...] = ()
    inlined: bool = False
    note: str = ""

    def __str__(self) -> str:
        notes = (self.note, "inlined" if self.inlined else "")
        marks = "".join(f" ({note})" for note in notes if note)
        return f"{self.function or '??'} {self._place()}{marks}"

    def _place(self) -> str:
        if self.source is not None:
            return f"at {self.source.name}:{self.line}"
        return f"in {'no file' if self.file is None else f'{self.file.name}+{self.offset:#x}'}"

    def with_path(self) -> str:
        """As a finding names it: the whole path of the source, which an editor opens."""
        where = f"{self.source}:{self.line}" if self.source is not None else None
        home = self.file.name if self.file is not None else "no file"
        if self.function is None:
            return where or f"{home}+{self.offset:#x}"
        return f"{self.function}, {where}" if where else f"{self.function} in {home}"


def symbolize(places: Sequence[Place]) -> tuple[Frame, ...]:
    """A frame for each place."""
    offsets: dict[Path, list[int]] = {}
    for place in places:
        if place.file is not None and place.offset not in offsets.setdefault(place.file, []):
            offsets[place.file].append(place.offset)
    named = _named(offsets)
    return tuple(_frame(at, named.get((at.file, at.offset), Names())) for at in places)


def _frame(at: Place, names: Names) -> Frame:
    callers = tuple(_frame(at, each) for each in names.callers)
    return Frame(at.address, at.file, at.offset, *names[:4], callers=callers)


def unfold(frame: Frame) -> tuple[Frame, ...]:
    """The frame, and behind it those of the functions that it was inlined into."""
    *inner, outer = (frame, *frame.callers)
    return (*(replace(each, inlined=True) for each in inner), outer)


def locate(file: Path, offset: int) -> Frame:
    """What stands at an address of a library, as its symbols have it."""
    (frame,) = symbolize([Place(offset, offset, file)])
    return frame


def definition(file: Path, function: str) -> Frame | None:
    """Where a function of a library is defined, by its name there; None: it has none of that
    name."""
    for symbol in tables.functions(file):
        if symbol.name == function:
            found = locate(file, symbol.address)
            source, line = debugging.declared_at(file, symbol.address)
            return found if source is None else replace(found, source=source, line=line)
    return None


_State = tuple[int, int, int, int]
_known: dict[tuple[Path, _State, int], Names] = {}
_MOST_KNOWN = 65536


def _named(offsets: Mapping[Path, Sequence[int]]) -> dict[tuple[Path | None, int], Names]:
    """Each address of each state of a file is looked up once: who makes a case smaller sees the
    same crash hundreds of times, and a module that crashes often does so at the same place."""
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    states = {file: _state(file) for file in offsets}
    known: dict[tuple[Path | None, int], Names] = {
        (file, at): names
        for file, wanted in offsets.items()
        for at in wanted
        if (names := _known.get((file, states[file], at))) is not None
    }
    missing = {
        file: new
        for file, wanted in offsets.items()
        if (new := [at for at in wanted if (file, at) not in known])
    }
    for (file, at), names in _looked_up(missing).items():
        known[file, at] = _known[file, states[file], at] = names
    return known


def _state(file: Path) -> _State:
    try:
        of = file.stat()
    except OSError:
        return (0, 0, 0, 0)
    return (of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns)


def _looked_up(offsets: Mapping[Path, Sequence[int]]) -> dict[tuple[Path, int], Names]:
    """The files without debugging information are not asked for more than their symbols."""
    with_lines = {file: wanted for file, wanted in offsets.items() if tables.has_lines(file)}
    answers = addr2line.ask(with_lines) if addr2line.installed() else None
    calls = {file: inlining.calls(file, wanted) for file, wanted in with_lines.items()}  # meanwhile
    said = None if answers is None else answers()
    named: dict[tuple[Path, int], Names] = {}
    for file, wanted in offsets.items():
        for offset in wanted:
            if file not in with_lines:
                named[file, offset] = _by_symbol(file, offset)
                continue
            word = None if said is None else said.get((file, offset), Names())
            named[file, offset] = _surely(file, offset, word, calls[file].get(offset))
    return demangling.plain(named)


def _surely(file: Path, offset: int, said: Names | None, calls: inlining.Calls | None) -> Names:
    """`said` by addr2line, None: there is none."""
    if calls is None:
        if said is not None and said.function is not None and said.source is not None:
            return said
        place = debugging.line_at(file, offset) if said is None else said[1:3]
        return _by_symbol(file, offset, *place)
    source, line = debugging.line_at(file, offset) if said is None else said.place
    if source is None:
        source, line = debugging.line_near(file, offset, calls.spans, calls.within)
    inner, *callers = calls.functions
    return innermost([inner._replace(source=source, line=line), *callers])


def _by_symbol(
    file: Path, offset: int, source: Path | None = None, line: int | None = None
) -> Names:
    """addr2line would name the nearest symbol, however far it is."""
    function = tables.function_at(file, offset)
    return Names(function, source, line, function)
