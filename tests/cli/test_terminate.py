"""SIGTERM and SIGHUP while a library is being made."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesibo_abi.cli.terminate import Terminated, terminable
from tests.cli.command import COMMAND, environment
from tests.tools import needs

MINIMAL = Path(__file__).parents[1] / "modules" / "minimal.c"


@pytest.fixture(autouse=True)
def not_ignored() -> Iterator[None]:
    """As it is under nohup, and of what is started there."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@needs("cc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda it: it.name)
@pytest.mark.parametrize(
    "command", [("build", "minimal.c"), ("run", "--build", "minimal.c")], ids=["build", "run"]
)
def test_it_leaves_nothing_behind(
    command: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    """The linker has written its file when the signal comes, and has not ended."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "minimal.c").write_bytes(MINIMAL.read_bytes())
    compiler = tmp_path / "cc-of-test"
    compiler.write_text(
        f'#!/bin/sh\ncc "$@"\ncase "$*" in -shared*) kill -{number:d} $PPID; exec sleep 20;; esac\n'
    )
    compiler.chmod(0o755)
    done = subprocess.run(
        [*COMMAND, *command],
        cwd=tmp_path,
        env={
            **environment(),
            "CC": shlex.quote(str(compiler)),
            "TMPDIR": str(tmp_path / "tmp"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=15,
    )
    assert (done.returncode, done.stdout, done.stderr) == (-number, b"", b"")
    assert {path.name for path in tmp_path.iterdir()} == {"cc-of-test", "minimal.c", "tmp"}
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda it: it.name)
@pytest.mark.parametrize("other", [False, True], ids=["itself", "the other"])
def test_whoever_chose_what_it_does_keeps_it(
    number: signal.Signals, other: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other signal ends it."""
    seen: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", seen.append)
    before = signal.signal(number, lambda number, frame: seen.append(number))
    sent = number if not other else {signal.SIGTERM: signal.SIGHUP}.get(number, signal.SIGTERM)
    try:
        with terminable():
            os.kill(os.getpid(), sent)
        os.kill(os.getpid(), number)
    finally:
        signal.signal(number, before)
    assert seen == [sent, number]


def test_it_unwinds_and_then_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    unwound: list[str] = []
    ended: list[int] = []
    with terminable():
        with pytest.raises(Terminated) as caught:
            signal.raise_signal(signal.SIGTERM)
        unwound.append("once")
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        monkeypatch.setattr(signal, "raise_signal", ended.append)
        raise caught.value
    assert unwound == ["once"]
    assert ended == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
