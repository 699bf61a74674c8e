"""Modules with a bug each, in tests/modules/planted/; with MENDED defined they have it no more."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesibo_abi.fuzzing import files
from mesibo_abi.fuzzing.budget import Budget, Progress
from mesibo_abi.fuzzing.campaign import distinct
from mesibo_abi.fuzzing.engines import open_engine
from mesibo_abi.fuzzing.finding import Findings
from mesibo_abi.fuzzing.reproducing import reproduce
from mesibo_abi.fuzzing.subject import Sanitizer, Subject
from mesibo_abi.types import Revision

FOLDER = Path(__file__).parents[1] / "modules" / "planted"
PATIENCE = 200.0
"""Seconds; all are found in a few."""


@dataclass(frozen=True)
class Planted:
    """`found` are the signatures that it may be found by: what stands in them."""

    name: str
    revision: Revision
    found: tuple[str, ...]
    sanitizer: Sanitizer = Sanitizer.ADDRESS
    thread_safe: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def source(self) -> Path:
        (path,) = FOLDER.glob(f"mesibo_mod_{self.name}.c*")
        return path

    def subject(self, *arguments: str) -> Subject:
        return Subject(
            sources=(self.source,),
            revision=self.revision,
            arguments=arguments,
            sanitizer=self.sanitizer,
            thread_safe=self.thread_safe,
        )


PLANTED = (
    Planted("overread", Revision.DOC2019, ("heap-buffer-overflow read in on_message",)),
    # Of one that just fits, the NUL behind it does not: an index out of bounds.
    Planted(
        "long_message",
        Revision.DOC2019,
        ("stack-buffer-overflow write in on_message", "index in on_message"),
    ),
    Planted("long_address", Revision.SDK2019, ("global-buffer-overflow write in on_message",)),
    Planted(
        "long_item",
        Revision.SDK2020,
        ("global-buffer-overflow write in mesibo_module_long_item_init",),
    ),
    # A first answer can end in `size`, and the next then begins outside.
    Planted(
        "long_body",
        Revision.DOC2019,
        ("heap-buffer-overflow write in on_answer", "index in on_answer"),
    ),
    Planted("late_callback", Revision.SDK2020, ("heap-use-after-free",)),
    Planted("double_free", Revision.SDK2019, ("double-free in on_message",)),
    Planted("null_address", Revision.DOC2019, ("null pointer", "SEGV")),
    # With %s in place of %n, a line that is logged reads where an argument points that is none.
    Planted("format", Revision.SDK2020, ("format-string in on_message", "SEGV read in on_message")),
    Planted("short_length", Revision.SDK2019, ("heap-buffer-overflow write in on_message",)),
    Planted("deep", Revision.SDK2020, ("stack-overflow in depth",)),
    Planted("race", Revision.SDK2020, ("data race in add",), Sanitizer.THREAD),
    # Only where several threads may be in it at once.
    Planted("crowd", Revision.DOC2019, ("data race in keep",), Sanitizer.THREAD, thread_safe=True),
    Planted("leak", Revision.DOC2019, ("leak in on_message",)),
    Planted("stages", Revision.DOC2019, ("stack-buffer-overflow write in on_message",)),
    Planted("lifecycle", Revision.SDK2020, ("double-free in on_cleanup", "heap-use-after-free")),
)
BY_NAME = {planted.name: planted for planted in PLANTED}


def nothing(_: Progress) -> None:
    """For who does not want to know how far it is."""


def findings(
    subject: Subject, budget: Budget | None = None, *, minimise_for: float = 5.0
) -> Findings:
    """From an empty corpus."""
    with tempfile.TemporaryDirectory() as corpus, open_engine(subject) as engine:
        budget = budget or Budget(duration=PATIENCE)
        yield from distinct(engine, budget, Path(corpus), nothing, minimise_for=minimise_for)


def check_reproducer(planted: Planted, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found from an empty corpus, by one of those that it may be found by; its file, written into
    the folder, tells it from the mended module."""
    with closing(findings(planted.subject())) as found:
        first = next(found)
    assert any(part in first.crash.signature for part in planted.found), first.crash.signature
    path, _ = files.write(first, planted.subject(), folder)

    again = reproduce(path)
    assert again is not None
    assert again.signature == first.crash.signature

    monkeypatch.setenv("CPPFLAGS", "-DMENDED")
    assert reproduce(path) is None
