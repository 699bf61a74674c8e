"""Cases one by one, each in a process that has seen no other: the fuzz program forks them off."""

from __future__ import annotations

import struct
import subprocess
import warnings
from typing import Self

from ..errors import BuildError, InputError
from .case import Case
from .finding import Crash
from .instrumented import Instrumented
from .reports import Reader
from .subject import Sanitizer
from .wire import MOST_ITEMS, MOST_STEPS, encode

ALLOW_PTRACE = (
    "allow it (in a container: --cap-add=SYS_PTRACE), and run it under no debugger and no strace"
)
"""What to do about it."""
_TIMES = 20  # that a case is run which may have a race
_NO_LEAKS = (
    "leaks are not looked for: LeakSanitizer must trace its own process, and ptrace is forbidden "
    f"here; {ALLOW_PTRACE}"
)


class LeaksUnseen(UserWarning):
    """LeakSanitizer cannot work here."""


class Replayer:
    """A context manager: the process that it asks ends with it. `sees_leaks` until it turns out
    that nobody can: then it warns, once, and goes on without. `by_frames`: callers are found by
    their frame pointers alone."""

    def __init__(self, module: Instrumented, reader: Reader, *, by_frames: bool = False) -> None:
        self._module = module
        self._reader = reader
        self._process: subprocess.Popen[bytes] | None = None
        self._by_frames = by_frames
        self._other: Replayer | None = None
        self.sees_leaks = module.subject.sanitizer is Sanitizer.ADDRESS

    def confirm(self, case: Case) -> Crash | None:
        """As an Engine's. Two threads that are at one place at the very same moment do not see each
        other: in one run of six that is so where both begin at once."""
        times = _TIMES if self._module.subject.sanitizer is Sanitizer.THREAD else 1
        crashes = (self.replay(case) for _ in range(times))
        return next((crash for crash in crashes if crash is not None), None)

    def replay(self, case: Case) -> Crash | None:
        """What became of it. Raises BuildError where the module cannot even be opened, and
        InputError where the case is larger than any that is made up."""
        _check_size(case)
        data = encode(case)
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(struct.pack("<I", len(data)) + data)
            process.stdin.flush()
            is_sound, status, size = struct.unpack("<III", self._read(process, 12))
            report = self._read(process, size)
        except (BrokenPipeError, EOFError) as error:
            raise self._unopened(process) from error
        said = report.decode("utf-8", "backslashreplace")
        if self.sees_leaks and self._reader.has_no_leaks(said):
            self._go_on_without_leaks()
            return self.replay(case)
        if is_sound:
            return None
        crash = self._reader.crash(status, said)
        if not self._by_frames and self._reader.is_lost(said):
            return self._again(case) or crash
        return crash

    def _again(self, case: Case) -> Crash | None:
        """Who reads such a stack by its tables does not come through: frame pointers may lead
        further."""
        self._other = self._other or Replayer(self._module, self._reader, by_frames=True)
        return self._other.replay(case)

    def _go_on_without_leaks(self) -> None:
        self.sees_leaks = False
        self.close()
        warnings.warn(_NO_LEAKS, LeaksUnseen, stacklevel=3)

    def _read(self, process: subprocess.Popen[bytes], size: int) -> bytes:
        assert process.stdout is not None
        data = process.stdout.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            self._module.command("serve", *(["--leaks"] if self.sees_leaks else [])),
            env=self._module.environment(
                alone=True, leaks=self.sees_leaks, by_frames=self._by_frames
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return self._process

    def _unopened(self, process: subprocess.Popen[bytes]) -> BuildError:
        _, said = process.communicate()
        self._process = None
        text = said.decode("utf-8", "backslashreplace").strip()
        return BuildError(
            f"{self._module.subject.path}: cannot be opened in the fuzz program",
            detail=f"expected a module, found: {text or f'exit status {process.returncode}'}",
            hint="try what `mesibo-abi check` says of it",
            output=text,
        )

    def close(self) -> None:
        """Ends its process."""
        if self._other is not None:
            self._other.close()
            self._other = None
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_size(case: Case) -> None:
    """What is too much would not be read, and not be missed."""
    found = {"items": len(case.config), "steps": len(case.steps)}
    for what, most in (("items", MOST_ITEMS), ("steps", MOST_STEPS)):
        if found[what] > most:
            raise InputError(
                f"the case is too large for the fuzz program: it has {found[what]} {what}",
                detail=f"expected at most {most}, found {found[what]}",
                hint="leave out what it does not need",
            )
