"""Has modules misbehave in processes that nobody needs: each in a child of a child of this one.

Reads a line of JSON for each, `{"name": ..., "library": ...}`, and writes one, `{"name": ...,
"ended": ..., "played": ...}`: `ended` is how the process did, null where it was there to the end.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from tests.isolation.left import children_of
from tests.misbehaving.catalogue import ALL, Misbehaviour
from tests.misbehaving.playing import DEADLINE, PATIENCE, play

_SUBREAPER = 36
_ROOM = 1 << 16
_DONE = 77


def _adopt() -> None:
    """What children of this process leave behind comes to it."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _live(what: Misbehaviour, library: Path, page: mmap.mmap) -> NoReturn:
    """The process that is at stake."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    played = play(what, library, isolated=False)
    text = json.dumps(played.as_dict()).encode()
    page[: len(text)] = text
    os._exit(_DONE)


def _stand_by(what: Misbehaviour, library: Path, page: mmap.mmap, out: int) -> NoReturn:
    """Its parent."""
    child = os.fork()
    if child == 0:
        os.close(out)
        _live(what, library, page)
    seconds = 2 * DEADLINE + 0.5 if what.hangs or what.name == "thread_exit" else PATIENCE
    status = _wait(child, seconds)
    os.write(out, json.dumps(status).encode())
    os._exit(0)


def _wait(child: int, seconds: float) -> str | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return _words(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hangs"


def _words(status: int) -> str | None:
    if os.WIFSIGNALED(status):
        return f"ends: {signal.Signals(os.WTERMSIG(status)).name}"
    code = os.WEXITSTATUS(status)
    return None if code == _DONE else f"ends: exit status {code}"


def _clear() -> None:
    """Ends all that is left."""
    while children := children_of(os.getpid()):
        for child in children:
            os.kill(child, signal.SIGKILL)
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            pass


def _observe(what: Misbehaviour, library: Path) -> dict[str, object]:
    page = mmap.mmap(-1, _ROOM)  # what a module closes, it cannot close
    told, out = os.pipe()
    parent = os.fork()
    if parent == 0:
        _stand_by(what, library, page, out)
    os.close(out)
    _, status = os.waitpid(parent, 0)
    _clear()
    with os.fdopen(told, "rb") as pipe:
        text = pipe.read()
    if os.WIFSIGNALED(status):
        ended = f"ends its parent: {signal.Signals(os.WTERMSIG(status)).name}"
    else:
        ended = json.loads(text)
    played = json.loads(page[:].rstrip(b"\0")) if ended is None else None
    return {"name": what.name, "ended": ended, "played": played}


def main() -> None:
    """Until its input ends."""
    known = {each.name: each for each in ALL}
    _adopt()
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(_observe(known[task["name"]], Path(task["library"]))), flush=True)


if __name__ == "__main__":
    main()
