"""`mesibo-abi run` on a file of messages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ...errors import Error
from ..reach import Kind, Reach
from ..sampling import Contestant, Plan
from ..trial import PART, Trial, agree
from ..workshop import Workshop

_PACKAGES = Path(sys.modules[__name__.partition(".")[0]].__path__[0]).parent
"""Where the command finds this package as well: beside it."""
CODEC = f"{PART}lines decoded and encoded"


class Line(msgspec.Struct, rename={"from_": "from"}):
    """A line of the file."""

    from_: str
    to: str
    id: int
    message: str


def _write(path: Path, count: int) -> Path:
    encode = msgspec.json.encode
    with path.open("wb") as file:
        for number in range(count):
            file.write(encode(Line("alice", "bob", number + 1, "16 bytes of text")) + b"\n")
    return path


def _seconds_of(library: Path, messages: Path, verdicts: Path) -> float:
    """How long the command takes."""
    command = [sys.executable, "-P", "-m", "mesibo_abi.cli", "run", "--quiet", str(library)]
    path = os.pathsep.join(filter(None, [str(_PACKAGES), os.environ.get("PYTHONPATH")]))
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, str(messages), "--output", str(verdicts)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise Error("the benchmark's `mesibo-abi run` failed", detail=done.stderr)
    return seconds


def _codec(messages: Path, verdicts: Path) -> None:
    """In Python, with nothing in between: what the way through objects costs by itself."""
    decode, encode = msgspec.json.Decoder(Line).decode, msgspec.json.encode
    with messages.open("rb") as lines, verdicts.open("wb") as out:
        out.writelines(encode(decode(line)) + b"\n" for line in lines)


@contextmanager
def _prepare(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with tempfile.TemporaryDirectory(prefix="mesibo_bench-") as name:
        folder = Path(name)
        count = 50_000 if shop.quick else 200_000
        messages = _write(folder / "messages.jsonl", count)
        none = _write(folder / "none.jsonl", 0)
        verdicts = folder / "verdicts.jsonl"
        library = shop.libraries.filter
        took = 0

        def ours(_: int) -> None:
            nonlocal took
            start = _seconds_of(library, none, verdicts)
            seconds = _seconds_of(library, messages, verdicts) - start
            took = max(1, int(1e9 * seconds))  # what is short drowns in how starting varies

        ours(count)
        with verdicts.open("rb") as lines:
            decided = [line.count(b'"result":"PASS"') for line in lines]
        agree({"lines": count, "verdicts": sum(decided)}, messages.name)
        yield [
            Contestant("mesibo_abi", ours, elapsed=lambda: took, count=count),
            Contestant(CODEC, lambda _: _codec(messages, verdicts), count=count),
        ]


TRIALS = (
    Trial(
        "run",
        "`mesibo-abi run` on a JSONL file",
        "One native module; messages of 16 bytes from a file, verdicts to a file. Net of what the "
        "same command takes on an empty file right before.",
        _prepare,
        (Reach((1e6, 1e6), kind=Kind.PER_SECOND),),
        plan=Plan(samples=5, gate=1.5, retries=1),
        quick=Plan(samples=2, gate=1.5, retries=0),
    ),
)
