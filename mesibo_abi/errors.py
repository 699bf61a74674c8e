"""What goes wrong, as exceptions. Every message has three parts: what failed and where; what was
expected and what was found; what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


class LoadError(Error):
    """A module was not loaded; nothing of it is left behind.

    `path` is the library (None where none was found), `logs` are the lines the module logged
    before it was refused.
    """

    def __init__(
        self,
        what: str,
        *,
        path: Path | None = None,
        detail: str = "",
        hint: str = "",
        logs: Sequence[LogRecord] = (),
    ) -> None:
        super().__init__(what, detail=detail, hint=hint)
        self.path = path
        self.logs = tuple(logs)

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


class ClosedError(Error):
    """The host or the module is closed."""


class ForkedError(Error):
    """The host belongs to the parent of this process."""


class ConfigWarning(UserWarning):
    """Something in a configuration has no effect."""
