"""What goes wrong, as exceptions. Every message has three parts: what failed and where; what was
expected and what was found; what to do about it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any, NamedTuple

from .crossings import Crossing, in_lines

if TYPE_CHECKING:
    from .bridge.values import Message
    from .symbols import Frame
    from .types import LogRecord


class Error(Exception):
    """The base of every exception of this package.

    `what` names what failed and where, `detail` what was expected and found, `hint` the next
    thing to do. `str(error)` is the three of them, one below the other.
    """

    def __init__(self, what: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.what]
        parts += [f"  {line}" for line in self.detail.splitlines()]
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        return "\n".join(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (type(self), self.args, self._state())

    def _state(self) -> dict[str, Any]:
        """What it has, for another process."""
        return dict(self.__dict__)


def _made_again(kind: type[Error], args: tuple[Any, ...], state: dict[str, Any]) -> Error:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class LoadError(Error):
    """A module was not loaded; nothing of it is left behind.

    `path` is the library (None where none was found), `logs` are the lines the module logged
    before it was refused. `code` is what its init returned where that refused, None otherwise;
    `damage` what it wrote over of its struct, in words, empty where it did not.
    """

    def __init__(
        self,
        what: str,
        *,
        path: Path | None = None,
        detail: str = "",
        hint: str = "",
        logs: Sequence[LogRecord] = (),
        code: int | None = None,
        damage: str = "",
    ) -> None:
        super().__init__(what, detail=detail, hint=hint)
        self.path = path
        self.logs = tuple(logs)
        self.code = code
        self.damage = damage

    def __str__(self) -> str:
        lines = [f"\n  it logged: {record.text}" for record in self.logs]
        return super().__str__() + "".join(lines)


class BuildError(Error):
    """The compiler refused the sources, or there is none.

    `command` is what was run, `output` the compiler's own words.
    """

    def __init__(
        self,
        what: str,
        *,
        detail: str = "",
        hint: str = "",
        command: Sequence[str] = (),
        output: str = "",
    ) -> None:
        super().__init__(what, detail=detail, hint=hint)
        self.command = tuple(command)
        self.output = output


class ConfigError(Error):
    """A configuration cannot be read. `path`, `line` and `column` say where (from 1; 0: no line of
    it in particular)."""

    def __init__(
        self,
        what: str,
        *,
        path: Path | None = None,
        line: int = 0,
        column: int = 0,
        detail: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(what, detail=detail, hint=hint)
        self.path = path
        self.line = line
        self.column = column


class InputError(Error):
    """What was given to a command or a reader is not what it takes: a record, an option, a file.

    `row` is the row of a batch, from 0, that is to blame; None where none of them is."""

    row: int | None = None


class ModuleError(Error):
    """A module broke the contract while it was called. `module` is its name in the host,
    `callback` the callback that was running."""

    def __init__(
        self, what: str, *, module: str, callback: str, detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(what, detail=detail, hint=hint)
        self.module = module
        self.callback = callback


class BadResult(ModuleError):
    """A callback returned a code that the header does not know. `code` is that code."""

    def __init__(
        self,
        what: str,
        *,
        module: str,
        callback: str,
        code: int,
        detail: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(what, module=module, callback=callback, detail=detail, hint=hint)
        self.code = code


class StructChanged(ModuleError):
    """A module wrote where it must not: its signature, a host function, behind its struct."""


class CallbackNotSet(ModuleError):
    """The module left this callback NULL, so there is nothing to call."""


class Trace(NamedTuple):
    """The frames of a stack, those of a long recursion at its two ends, and the place that its
    signature names."""

    innermost: tuple[Frame, ...]
    left_out: int
    outermost: tuple[Frame, ...]
    place: str


class ModuleCrashed(ModuleError):
    """The process of an isolated module ended. `callback` is what was running.

    `signal` is the signal that ended it (None: there was none), `address` where the fault was
    (None: nowhere), `meaning` what that says, `registers` what they held, by name. `limit` is the
    one of ModuleLimits that stands behind it, by name, as far as that is known. `message` is
    what it was called with, which was not passed on and is not tried again; `request` what the
    answer belongs to that its callback was given, as "GET http://...". `crossings` are the
    last callbacks and host functions, `logs` its last lines, oldest first. `frames`,
    `signature` and `str(error)` name functions and lines: made when they are first asked for, from
    the library as it is then.
    """

    def __init__(
        self,
        what: str,
        *,
        module: str,
        callback: str,
        detail: str,
        hint: str,
        signal: Signals | None,
        address: int | None,
        meaning: str,
        limit: str | None,
        registers: Mapping[str, int],
        message: Message | None,
        crossings: Sequence[bytes],
        logs: Sequence[str],
        name: str,
        trace: Callable[[], Trace],
        request: str | None = None,
    ) -> None:
        super().__init__(what, module=module, callback=callback, detail=detail, hint=hint)
        self.signal = signal
        self.address = address
        self.meaning = meaning
        self.limit = limit
        self.registers = dict(registers)
        self.message = message
        self.request = request
        self._crossings = tuple(crossings)
        self.logs = tuple(logs)
        self._name = name
        self._trace = trace

    def _state(self) -> dict[str, Any]:
        """Its frames are named here: the other process may not find the library."""
        state = super()._state() | {"_traced": self._traced}
        del state["_trace"]
        return state

    @functools.cached_property
    def _traced(self) -> Trace:
        return self._trace()

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The calls that were under way, innermost first, down to the module's outermost; of a long
        recursion those at its two ends, with `frames_left_out` between them; where it was too
        long to be walked, what was found at the outer end of the stack, which is noted. Empty
        where the process could not say."""
        return self._traced.innermost + self._traced.outermost

    @property
    def frames_left_out(self) -> int:
        """How many calls of a recursion are not among `frames`, at least."""
        return self._traced.left_out

    @functools.cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """The last callbacks and host functions, oldest first."""
        return tuple(map(Crossing.from_json, self._crossings))

    @property
    def host_calls(self) -> tuple[Crossing, ...]:
        """Those of the crossings that are host functions, called by the module."""
        return tuple(crossing for crossing in self.crossings if crossing.is_host_function)

    @property
    def signature(self) -> str:
        """The same for the same bug: the signal and the first place in the module."""
        return f"{self._name} {self._traced.place}".rstrip()

    def _frame_lines(self) -> list[str]:
        """A line for each; what a recursion repeats is said once."""
        trace = self._traced
        lines = _numbered(trace.innermost, 0)
        if not trace.left_out:
            return lines
        if trace.outermost and not trace.outermost[0].note:
            lines.append(f"  and {trace.left_out} more, which are left out")
            return lines + _numbered(trace.outermost, len(trace.innermost) + trace.left_out)
        lines.append(f"  and {trace.left_out} more at least: too many to come to the outermost")
        return lines + [f"  #… {frame}" for frame in trace.outermost]

    def __str__(self) -> str:
        lines = [super().__str__()]
        lines += self._frame_lines()
        if self.request is not None:
            lines.append(f"  while handling the answer to {self.request}")
        if self.message is not None:
            lines.append(f"  its message: {self.message!r}")
        if self.crossings:
            lines.append("  its last calls, and those of the host:")
            lines += [f"    {line}" for line in in_lines(self.crossings)]
        lines += [f"  it logged: {line}" for line in self.logs]
        return "\n".join(lines)


def _numbered(frames: Sequence[Frame], number: int) -> list[str]:
    lines = []
    for text, same in itertools.groupby(map(str, frames)):
        times = len(list(same))
        lines.append(f"  #{number} {text}" + (f" ({times} times)" if times > 1 else ""))
        number += times
    return lines


class ModuleHung(ModuleCrashed):
    """An isolated module did not return in time, and its process was ended for it."""


class ModuleDown(ModuleError):
    """An isolated module was not called: its process ended before, and is not started again, or not
    yet, or its init refused that. The cause, `__cause__`, is how it ended; `code` is what the init
    returned (None: it did not refuse), `logs` are its lines of then, oldest first, as far as the
    verdict has them. `callback` is the one that was to be called."""

    code: int | None = None
    logs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return super().__str__() + "".join(f"\n  it logged: {line}" for line in self.logs)


class ClosedError(Error):
    """The host or the module is closed."""


class ForkedError(Error):
    """The host belongs to the parent of this process."""


class ConfigWarning(UserWarning):
    """Something in a configuration has no effect."""
