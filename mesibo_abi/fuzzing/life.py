"""One life of a module, in a process of its own: its init, what happens to it, its cleanup."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

from ..bridge.batch import BatchResult
from ..bridge.module import LoadedModule
from ..bridge.values import Verdict
from ..elf import module_name
from ..errors import (
    BadResult,
    LoadError,
    ModuleCrashed,
    ModuleDown,
    ModuleError,
    StructChanged,
)
from ..events import Event
from ..types import Result
from .case import Case, Reply, Step
from .kinds import raise_apart
from .played import Open, PlayedHost
from .subject import Subject

_HEAP = {"MALLOC_PERTURB_": "165", "GLIBC_TUNABLES": "glibc.malloc.perturb=165"}
"""Freed memory is written over, so that who uses it reads what is no pointer."""
_SAYS_NO = -1


class Life:
    """The life of a library, from its init on. A context manager: its cleanup is at the end.

    Messages and what servers answer end where their bytes do, with no NUL and a page behind them
    that may not be touched; the network is played, and freed memory written over. What the module
    should not have done is raised by the step in which it is seen: a ModuleCrashed, a ModuleHung,
    StructChanged, or BadResult for a code that the header does not know (that it fails is its
    right). Two that differ are of two classes, told apart by their signature.

    `config` are the items of its init, those of the subject where none are given. `deadline` is for
    each callback, in seconds. Raises LoadError where its init refuses (`refuses` tells that from a
    library that cannot be loaded), and a ModuleError where it ends its process or writes over its
    struct. Belongs to one thread.
    """

    def __init__(
        self,
        subject: Subject,
        config: Mapping[str, str] | None = None,
        *,
        deadline: float | None = 5.0,
    ) -> None:
        assert subject.library is not None, "a life is that of a library"
        items = subject.config if config is None else config
        self.host = PlayedHost()
        self.steps = 0
        """How many there were."""
        self.refused: LoadError | None = None
        """Why its init said no at a reload, which is its right. Nothing happens to it then."""
        self._crashes = 0
        self._told = False
        try:
            self.module = self._load(subject, dict(items), deadline)
        except BaseException:
            self.host.close()
            raise

    def _load(
        self, subject: Subject, config: dict[str, str], deadline: float | None
    ) -> LoadedModule:
        path = subject.library
        assert path is not None
        name = module_name(path) or path.stem
        try:
            with _careful_heap():
                return self.host.load(
                    name,
                    path,
                    config=config,
                    revision=subject.revision,
                    entry_point=subject.entry_point,
                    isolated=True,
                    deadline=deadline,
                    restart="never",
                    terminated=False,
                )
        except LoadError as error:
            wrong = _wrong_in_init(name, error)
            if wrong is None:
                raise
        return raise_apart(wrong)

    @property
    def requests(self) -> list[Open]:
        """What it asks of the network and is open, the oldest first."""
        return self.host.requests

    def do(self, step: Step) -> Verdict | None:
        """One step; what became of an event."""
        verdict = None
        if self.refused is not None:
            return None
        self.steps += 1
        if isinstance(step, Event):
            verdict = step.deliver(self.host)
        elif isinstance(step, Reply):
            if self.requests:
                self.requests[0].answer(step)
        else:
            self.reload()
        self.settle(verdict)
        return verdict

    def reload(self) -> None:
        """Its open requests fail, its cleanup runs, and its init again in the same process."""
        damage: ModuleError | None = None
        try:
            self.module._reload()
        except LoadError as error:
            damage = _wrong_in_init(self.module.name, error)
            self.refused = error
        except ModuleError as error:
            damage = error
        if damage is not None:
            self._told = True
            raise_apart(damage)

    def settle(self, verdict: Verdict | None = None) -> None:
        """Lets come what comes by itself behind a step, and raises what is wrong."""
        self._raise_for(verdict)
        self.host.settle()
        self._raise_for(None)

    def _raise_for(self, verdict: Verdict | None) -> None:
        error: BaseException | None = None
        if self.module.crash_count > self._crashes:
            error = self.module.crashes[-1]
        elif verdict is not None and verdict.result is Result.FAIL:
            error = _wrong(verdict.error)
        self._crashes = self.module.crash_count
        if error is not None and not self._told:
            self._told = True
            if isinstance(error, ModuleError):
                raise_apart(error)
            raise error

    def close(self) -> None:
        """Its cleanup. Raises what is wrong, and nothing where something was raised before."""
        error = None
        try:
            self.module.close()
        except ModuleError as damage:
            error = damage
        finally:
            self.host.close()
        self._raise_for(None)
        if error is not None and not self._told:
            raise_apart(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.host.close()


def live(
    subject: Subject,
    case: Case,
    *,
    deadline: float | None = 5.0,
    seen: Callable[[Step, Verdict | None], object] | None = None,
) -> None:
    """A whole life. What is wrong is raised, a library that cannot be loaded too; an init that
    refuses its configuration is not. `seen` is called with each step, and with what became of it
    where that is an event."""
    try:
        life = Life(subject, case.config, deadline=deadline)
    except LoadError as error:
        if refuses(error):
            return
        raise
    with life:
        replies = [step for step in case.steps if isinstance(step, Reply)]
        life.host.prepared.extend(replies)
        for step in case.steps:
            verdict = life.do(step)
            if seen is not None:
                seen(step, verdict)


def refuses(error: LoadError) -> bool:
    """Whether its init was called and said no, which may be for the items that it was given."""
    return error.code is not None


def wrong_in(result: BatchResult) -> tuple[int, ModuleError] | None:
    """The first row of a batch that went wrong, and how."""
    for row, error in sorted(result.errors.items()):
        found = _wrong(error)
        if isinstance(found, ModuleError):
            return row, found
    return None


def _wrong(error: BaseException | None) -> BaseException | None:
    """What of a failure should not be: that it says no is its right."""
    says_no = isinstance(error, BadResult) and error.code == _SAYS_NO
    return None if says_no or isinstance(error, ModuleDown) else error


def _wrong_in_init(module: str, error: LoadError) -> ModuleError | None:
    """What an init did that is more than to refuse."""
    if isinstance(error.__cause__, ModuleCrashed):
        return error.__cause__
    if not error.damage:
        return None
    return StructChanged(
        f"module {module!r} overwrote its struct in its init",
        module=module,
        callback="init",
        detail=error.damage,
        hint=error.hint,
    )


@contextlib.contextmanager
def _careful_heap() -> Iterator[None]:
    """The environment that the process of the module is started with, unless it is set already."""
    before = {name: os.environ.get(name) for name in _HEAP}
    for name, value in _HEAP.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                del os.environ[name]
