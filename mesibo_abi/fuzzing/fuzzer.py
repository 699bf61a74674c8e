"""A process of the fuzz program that makes cases up until one ends it."""

from __future__ import annotations

import mmap
import os
import re
import signal
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .instrumented import DEADLINE, Instrumented

MOST_BYTES = 1 << 15
"""Of a case, as the program reads it."""
# fuzz_notes in csrc/fuzz/fuzz.h: cases, lives, what was refused, the state, the last case
_NOTES = struct.Struct("<QQqII")
_LAST = 1 << 16  # bytes of it, at most
_NOT_BEGUN, _RUNNING, _BETWEEN, _FINISHED, _SPENT = range(5)
_STATUS = re.compile(rb"cov: (\d+) ft: \d+ corp: (\d+)")
_PATIENCE = 5.0  # seconds for one that was asked to end
_MEMORY = 2048  # megabytes


@dataclass(frozen=True, slots=True)
class Places:
    """Files of a run: what the cases are made of, and where they are put."""

    corpus: Path
    words: Path
    dictionary: Path
    candidates: Path
    folder: Path


class Fuzzer:
    """One such process; `number` tells it from others. `shares`: what others keep meanwhile is
    looked at each second, so that it is not the same from run to run. Ends when it is closed."""

    def __init__(
        self,
        module: Instrumented,
        places: Places,
        number: int,
        *,
        seed: int,
        runs: int | None,
        events: int | None,
        isolate: bool,
        shares: bool,
    ) -> None:
        self._notes = (places.folder / f"notes-{number}").open("w+b")
        self._notes.truncate(_NOTES.size + _LAST)
        self._shared = mmap.mmap(self._notes.fileno(), _NOTES.size + _LAST)
        self._artifact = places.folder / f"artifact-{number}"
        self._artifact.unlink(missing_ok=True)
        self._log = tempfile.TemporaryFile(dir=places.folder)  # noqa: SIM115, closed below
        self._read_to = 0
        self._status = (0, 0)
        options = ["--words", str(places.words), "--candidates", str(places.candidates)]
        options += ["--notes", str(self._notes.name), *(["--isolate"] if isolate else [])]
        options += [] if events is None else ["--events", str(events)]
        libfuzzer = [
            f"-seed={seed}",
            f"-runs={-1 if runs is None else runs}",
            f"-max_len={MOST_BYTES}",
            "-len_control=0",
            "-use_value_profile=1",
            "-detect_leaks=0",
            f"-timeout={int(DEADLINE)}",
            f"-rss_limit_mb={_MEMORY}",
            "-close_fd_mask=3",
            f"-reload={int(shares)}",
            f"-dict={places.dictionary}",
            f"-exact_artifact_path={self._artifact}",
        ]
        self._process = subprocess.Popen(
            module.command("fuzz", *options, "--", *libfuzzer, str(places.corpus)),
            env=module.environment(alone=isolate),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )

    @property
    def cases(self) -> int:
        """Those it has run."""
        return self._noted()[0]

    @property
    def refusal(self) -> int | None:
        """What the module's inits returned, where none of them returned 0."""
        _, lives, code, _, _ = self._noted()
        return None if lives else code

    @property
    def has_begun(self) -> bool:
        """Whether it came to a case."""
        return self._state != _NOT_BEGUN

    @property
    def has_finished(self) -> bool:
        """Whether it has run all it was to run."""
        return self._state == _FINISHED

    @property
    def _state(self) -> int:
        return self._noted()[3]

    def _noted(self) -> tuple[int, int, int, int, int]:
        cases, lives, refused, state, size = map(int, _NOTES.unpack_from(self._shared))
        return cases, lives, refused, state, size

    @property
    def is_over(self) -> bool:
        """Whether it has ended. One that stopped itself never would."""
        if self._process.poll() is None and _has_stopped_itself(self._process.pid):
            self._process.kill()
            self._process.wait()
        return self._process.returncode is not None

    @property
    def returncode(self) -> int | None:
        """As subprocess has it."""
        return self._process.returncode

    def status(self) -> tuple[int, int]:
        """Edges that were reached, and the size of the corpus, as it said last."""
        self._log.seek(self._read_to)
        data = self._log.read()
        end = data.rfind(b"\n") + 1
        self._read_to += end
        for found in _STATUS.finditer(data[:end]):
            self._status = int(found[1]), int(found[2])
        return self._status

    def said(self) -> str:
        """All that it reported."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "backslashreplace")

    def ended_by(self) -> bytes | None:
        """The case that ended it; None: none did. Where nobody could say so, as a signal or the
        kernel ends it, that is the last."""
        try:
            return self._artifact.read_bytes()
        except FileNotFoundError:
            was_cut_off = self._state in (_RUNNING, _BETWEEN) and self.is_over
            return self._last() if was_cut_off else None

    def unfinished(self) -> bytes | None:
        """The case that it is in; None: in none."""
        return self._last() if self._state == _RUNNING and not self.is_over else None

    def _last(self) -> bytes:
        *_, size = self._noted()
        return self._shared[_NOTES.size : _NOTES.size + size]

    def close(self) -> None:
        """Ends it, when it has kept what it found."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._log.close()
        self._shared.close()
        self._notes.close()


def _has_stopped_itself(child: int) -> bool:
    """SIGTSTP is somebody's at the terminal."""
    found = os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
    return found is not None and found.si_status == signal.SIGSTOP
