"""A whole life of a module, as Hypothesis makes it up: `ModuleMachine`."""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

from . import libraries, strategies
from .bridge.module import LoadedModule
from .bridge.values import Message, Verdict
from .errors import InputError, LoadError
from .events import Event, EventKind
from .fuzzing.case import Reload, Reply
from .fuzzing.life import Life, refuses
from .fuzzing.played import Open
from .fuzzing.subject import Subject
from .strategies import Vocabulary, Words  # says what to install where Hypothesis is not there
from .strategies.drawing import vocabulary
from .types import Revision

from hypothesis import Phase, reject, settings, strategies as st  # isort: skip
from hypothesis.stateful import (  # isort: skip
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from hypothesis.strategies import SearchStrategy  # isort: skip

_PAUSE = 0.005  # seconds for threads of the module's own
_REFUSALS = 30  # of a machine that has not lived yet; at 50 Hypothesis complains, and not of them

_lived: set[type[ModuleMachine]] = set()
_refused: Counter[type[ModuleMachine]] = Counter()


def _of_machine(made: Callable[[ModuleMachine], SearchStrategy[Any]]) -> SearchStrategy[Any]:
    """A strategy that depends on the machine that draws from it."""
    return st.runner().flatmap(made)


def _which(*kinds: str) -> SearchStrategy[int]:
    """The number of an open request of these kinds, the oldest 0."""
    return _of_machine(lambda machine: st.integers(0, len(machine.open(*kinds)) - 1))


def _its_events(machine: ModuleMachine) -> SearchStrategy[Event]:
    return _events(type(machine), Revision(machine.loaded.revision), machine.kinds())


def _its_replies(machine: ModuleMachine) -> SearchStrategy[Reply]:
    return _replies(type(machine))


def _has_open(*kinds: str) -> Callable[[ModuleMachine], bool]:
    return lambda machine: bool(machine.open(*kinds))


class ModuleMachine(RuleBasedStateMachine):
    """Lives the life of a library: its init, events in any order, what servers say to what it asks
    for, its cleanup and its init again, its cleanup. Subclass it, or use `of`:

        class Echo(ModuleMachine):
            module = "mesibo_mod_echo.so"

        TestEcho = Echo.TestCase

    Each life is in a process of its own (see `mesibo_abi.fuzzing.life.Life`), so that a crash is an
    exception, of a class for each signature: Hypothesis keeps two bugs apart, and shrinks both. A
    library is loaded as it is when the life begins.

    `config` are its items, or a strategy for them; of drawn items that its init refuses, also those
    of a `configs` of your own, nothing more is tried, unless it refuses all. `revision` and
    `entry_point` are as for `Host.load`. `deadline` is seconds for each callback. `words` are
    further ones that it may listen to. Rules and invariants of your own find the LoadedModule in
    `self.loaded`, what became of the last event in `self.verdict`, and all that it sent in
    `self.sent`.
    """

    module: ClassVar[str | PathLike[str] | None] = None
    config: ClassVar[Mapping[str, str] | SearchStrategy[dict[str, str]]] = {}
    revision: ClassVar[Revision | str | None] = None
    entry_point: ClassVar[str | None] = None
    deadline: ClassVar[float | None] = 5.0
    words: ClassVar[Words] = ()

    def __init__(self) -> None:
        super().__init__()
        self.life: Life | None = None
        self.verdict: Verdict | None = None
        """What became of the last event."""
        self.sent: list[Message] = []
        """All that it sent so far."""
        self._has_happened = False  # since its init

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        # To explain a failure by lines of Python takes long, and none of them is the module's.
        phases = [phase for phase in settings().phases if phase is not Phase.explain]
        cls.TestCase.settings = settings(cls.TestCase.settings, phases=phases)

    @classmethod
    def of(cls, module: str | PathLike[str], **attributes: Any) -> type[ModuleMachine]:
        """A subclass for a library, with such attributes: `ModuleMachine.of("x.so").TestCase`.

        Raises TypeError for an attribute that there is none of."""
        for name in attributes:
            if name not in ModuleMachine.__annotations__:
                known = ", ".join(ModuleMachine.__annotations__)
                raise TypeError(
                    f"ModuleMachine.of got {name}=, which no machine has: expected one of {known}; "
                    "make a subclass for more"
                )
        name = f"{cls.__name__}_{Path(module).stem}"
        return type(name, (cls,), {"module": module, **attributes})

    # -- what it draws from: override these to narrow them

    @classmethod
    def configs(cls) -> SearchStrategy[dict[str, str]]:
        """The items that its init is given."""
        if isinstance(cls.config, SearchStrategy):
            return cls.config
        return st.just(dict(cls.config))

    @classmethod
    def events(cls, revision: Revision, kinds: tuple[EventKind, ...]) -> SearchStrategy[Event]:
        """What it is called with, of the kinds that it has callbacks for."""
        return strategies.events(revision=revision, kinds=kinds, words=cls.vocabulary())

    @classmethod
    def replies(cls) -> SearchStrategy[Reply]:
        """What the servers say that it asks."""
        return strategies.replies(words=cls.vocabulary())

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The words of the library, of its items, and of `words`."""
        return _vocabulary(cls)

    # -- what there is

    @property
    def loaded(self) -> LoadedModule:
        """The module."""
        assert self.life is not None, "its init comes first"
        return self.life.module

    def open(self, *kinds: str) -> list[Open]:
        """What it asks of the network and is open, of these kinds (http, fastcgi, socket; none
        given: of all), the oldest first."""
        requests = [] if self.life is None else self.life.requests
        return [each for each in requests if not kinds or each.kind in kinds]

    def kinds(self) -> tuple[EventKind, ...]:
        """Of the events that it has a callback for."""
        return strategies.kinds_of(frozenset() if self.life is None else self.loaded.callbacks)

    # -- its life

    @initialize(config=_of_machine(lambda machine: machine.configs()))
    def begins(self, config: dict[str, str]) -> None:
        """Its init."""
        try:
            self.life = Life(_subject(type(self)), config, deadline=self.deadline)
        except LoadError as error:
            if refuses(error) and _may_take_others(type(self)):
                reject()  # that it refuses items is its right
            raise
        _lived.add(type(self))
        self._note()
        self._has_happened = False

    @precondition(lambda self: bool(self.kinds()))
    @rule(event=_of_machine(_its_events))
    def happens(self, event: Event) -> None:
        """One of its callbacks is called."""
        assert self.life is not None
        self.verdict = self.life.do(event)
        self._note(self.verdict)

    @precondition(_has_open("http", "fastcgi"))
    @rule(which=_which("http", "fastcgi"), reply=_of_machine(_its_replies))
    def answers(self, which: int, reply: Reply) -> None:
        """A server answers one of its requests, or the connection to it is lost."""
        self.open("http", "fastcgi")[which].answer(reply)
        self._settle()

    @precondition(_has_open("http"))
    @rule(which=_which("http"), reply=_of_machine(_its_replies))
    def begins_to_answer(self, which: int, reply: Reply) -> None:
        """A server answers in part; the rest comes later."""
        self.open("http")[which].begin(reply)
        self._settle()

    @precondition(_has_open("socket"))
    @rule(which=_which("socket"))
    def connects(self, which: int) -> None:
        """One of its sockets is connected."""
        self.open("socket")[which].connect()
        self._settle()

    @precondition(_has_open("socket"))
    @rule(which=_which("socket"), reply=_of_machine(_its_replies))
    def receives(self, which: int, reply: Reply) -> None:
        """Bytes come in on one of its sockets, which is connected then."""
        socket = self.open("socket")[which]
        socket.connect()
        socket.receive(reply.data, reply.piece)
        self._settle()

    @precondition(_has_open("socket"))
    @rule(which=_which("socket"), fails=st.booleans())
    def ends(self, which: int, fails: bool) -> None:
        """One of its sockets is closed by the other side, or was never connected."""
        self.open("socket")[which].end(fails=fails)
        self._settle()

    @precondition(lambda self: self.life is not None and _may_wait(type(self)))
    @rule(reply=_of_machine(_its_replies))
    def prepares_an_answer(self, reply: Reply) -> None:
        """For the next synchronous request."""
        assert self.life is not None
        self.life.host.prepared.append(reply)

    @precondition(lambda self: self.life is not None and _has_threads(type(self)))
    @rule()
    def lets_threads_run(self) -> None:
        """For a moment."""
        time.sleep(_PAUSE)
        self._settle()

    # Hypothesis takes it for the simplest step, and would leave it where none is needed.
    @precondition(lambda self: self._has_happened or not self.kinds())
    @rule()
    def reloads(self) -> None:
        """Something has happened: its open requests fail, its cleanup, its init again; its globals
        stay as they are. That its init says no then is its right, and nothing more happens."""
        assert self.life is not None
        self.life.do(Reload())
        self._note()
        self._has_happened = False

    def teardown(self) -> None:
        """Its cleanup."""
        if self.life is not None:
            self.life.close()

    def _settle(self) -> None:
        assert self.life is not None
        self.life.settle()
        self._note()

    def _note(self, verdict: Verdict | None = None) -> None:
        assert self.life is not None
        self.sent += [] if verdict is None else verdict.sent
        self.sent += self.life.host.sent
        self._has_happened = True


# ---- What is the same for all lives ---------------------------------------------------------


def _subject(machine: type[ModuleMachine]) -> Subject:
    if machine.module is None:
        raise InputError(
            f"{machine.__name__} has no module",
            detail="expected the attribute `module`, the path of a library, found None",
            hint='make a subclass with module = "mesibo_mod_echo.so", or ModuleMachine.of(path)',
        )
    revision = None if machine.revision is None else Revision(machine.revision)
    return Subject(
        library=Path(machine.module).absolute(),
        revision=revision,
        entry_point=machine.entry_point,
    )


@functools.lru_cache(maxsize=64)
def _vocabulary(machine: type[ModuleMachine]) -> Vocabulary:
    items = {} if isinstance(machine.config, SearchStrategy) else machine.config
    given = vocabulary(machine.words)
    return given | Vocabulary.of(machine.module, items)


@functools.lru_cache(maxsize=256)
def _events(
    machine: type[ModuleMachine], revision: Revision, kinds: tuple[EventKind, ...]
) -> SearchStrategy[Event]:
    return machine.events(revision, kinds)


@functools.lru_cache(maxsize=64)
def _replies(machine: type[ModuleMachine]) -> SearchStrategy[Reply]:
    return machine.replies()


def _draws_items(machine: type[ModuleMachine]) -> bool:
    """Whether there are others, where its init refuses these."""
    whose = next(each for each in machine.__mro__ if "configs" in vars(each))
    return whose is not ModuleMachine or isinstance(machine.config, SearchStrategy)


def _may_take_others(machine: type[ModuleMachine]) -> bool:
    """Whether it is worth to draw others. Hypothesis would give up later, and not say why."""
    if not _draws_items(machine):
        return False
    _refused[machine] += 1
    return machine in _lived or _refused[machine] < _REFUSALS


def _has_threads(machine: type[ModuleMachine]) -> bool:
    path = _subject(machine).path
    library = libraries.read(path)
    return library.starts_threads or "mesibo_util_create_thread" in library.found.undefined


def _may_wait(machine: type[ModuleMachine]) -> bool:
    """Whether it can make requests and wait for them."""
    return libraries.read(_subject(machine).path).found.has_synchronous
