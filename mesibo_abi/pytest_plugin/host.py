"""The host of a test: what ends a module's process is the test's failure."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVarTuple

from ..bridge.batch import BatchResult
from ..bridge.values import Message, Verdict
from ..errors import ModuleCrashed, ModuleDown
from ..host import Host
from ..types import Batch, User
from .tracebacks import shortly

if TYPE_CHECKING:
    from ..bridge.module import LoadedModule

Ts = TypeVarTuple("Ts")

_MOST = 10  # of the calls before a crash that are said
_TITLE = "a module crashed"


class StrictHost(Host):
    """A Host that raises a ModuleCrashed, where another one has it in the verdict: so it fails the
    test, and is what Hypothesis makes smaller. What was given to the host before, since the process
    of the module began, is noted of it. `is_strict` False: as any other host."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_strict = True
        self._loaded: list[LoadedModule] = []
        self._given: deque[str] = deque(maxlen=_MOST + 1)
        self._count = 0
        self._told: list[ModuleCrashed] = []

    # -- what a test calls

    def load(self, *args: Any, **options: Any) -> LoadedModule:
        """As that of a Host."""
        __tracebackhide__ = True
        module = shortly(super().load, *args, **options)
        self._loaded.append(module)
        return module

    def process(self, message: Message) -> Verdict:
        """As that of a Host; raises ModuleCrashed, and ModuleDown."""
        __tracebackhide__ = True
        return self._strictly(super().process, message)

    def status(self, message: Message, status: int) -> Verdict:
        """As that of a Host; raises as `process` does."""
        __tracebackhide__ = True
        return self._strictly(super().status, message, status)

    def call(self) -> Verdict:
        """As that of a Host; raises as `process` does."""
        __tracebackhide__ = True
        return self._strictly(super().call)

    def call_status(self) -> Verdict:
        """As that of a Host; raises as `process` does."""
        __tracebackhide__ = True
        return self._strictly(super().call_status)

    def login(self, user: User) -> Verdict:
        """As that of a Host; raises as `process` does."""
        __tracebackhide__ = True
        return self._strictly(super().login, user)

    def config(self, type: int, data: bytes | None = None) -> Verdict:
        """As that of a Host; raises as `process` does."""
        __tracebackhide__ = True
        return self._strictly(super().config, type, data)

    def process_batch(self, batch: Batch, *, threads: int = 1) -> BatchResult:
        """As that of a Host; raises what the first row that failed so has."""
        __tracebackhide__ = True
        self._note("process_batch", ("...",))
        result = super().process_batch(batch, threads=threads)
        for error in result.errors.values():
            self._raise_for(error)
        return result

    # -- what the plugin asks

    def raise_for_crashes(self) -> None:
        """Raises the first crash that the test was not told of, with a note for each other one."""
        __tracebackhide__ = True
        untold = self._untold()
        self._told += untold
        for later in untold[1:]:
            untold[0].add_note(f"then: {later}")
        if untold:
            raise untold[0]

    def crash_sections(self) -> list[tuple[str, str]]:
        """The crashes that the test was not told of, for its report: a title and a text each."""
        untold = self._untold()
        self._told += untold
        return [(_TITLE, str(crash)) for crash in untold]

    # -- how

    def _strictly(self, function: Callable[[*Ts], Verdict], *args: *Ts) -> Verdict:
        __tracebackhide__ = True
        self._note(function.__name__, tuple(map(repr, args)))
        verdict = function(*args)
        self._raise_for(verdict.error)
        return verdict

    def _note(self, name: str, arguments: tuple[str, ...]) -> None:
        self._given.append(f"host.{name}({', '.join(arguments)})")
        self._count += 1

    def _raise_for(self, error: Exception | None) -> None:
        __tracebackhide__ = True
        if not isinstance(error, ModuleCrashed | ModuleDown):
            return
        before, count = list(self._given)[:-1], self._count - 1
        self._given.clear()
        self._count = 0
        if not self.is_strict:
            return
        if before and not _is_hypothesis():
            lines = [f"  before that, {_times(count)}, the host was given:"]
            error.add_note("\n".join([*lines, *(f"    {line}" for line in before)]))
        raise error

    def _untold(self) -> list[ModuleCrashed]:
        """Whoever was told has seen it raised."""
        if not self.is_strict:
            return []
        crashes = [crash for module in self._loaded for crash in module.crashes]
        return [
            crash for crash in crashes if crash.__traceback__ is None and crash not in self._told
        ]


def _times(count: int) -> str:
    return f"the last {_MOST} of {count}" if count > _MOST else "since its process began"


def _is_hypothesis() -> bool:
    """Whether Hypothesis runs the test: then it says what the smallest input is."""
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and bool(hypothesis.currently_in_test_context())
