"""How far a long run is, on the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_LONG = 1.0  # seconds: shorter runs show nothing


class Progress:
    """A bar on standard error, from the second second on. `size` is of the input in bytes, None
    where nobody knows. With `wanted` False it never shows."""

    def __init__(self, size: int | None, *, wanted: bool) -> None:
        self._size = size
        self._wanted = wanted
        self._begun = time.monotonic()
        self._bar: Bar | None = None

    def update(self, done: int, messages: int) -> None:
        """So many bytes are done, and so many messages."""
        if not self._wanted or time.monotonic() - self._begun < _LONG:
            return
        text = f"messages: {messages:,}"
        if self._bar is None:
            self._bar = _bar(text, self._size)
        self._bar.update(self._bar.task_ids[0], completed=done, description=text)

    def close(self) -> None:
        """Takes the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()


def wanted(output_is_terminal: bool) -> bool:
    """Whether there is somebody to see it, and nothing else on the screen that it would spoil."""
    return sys.stderr is not None and sys.stderr.isatty() and not output_is_terminal


def _bar(text: str, size: int | None) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.add_task(text, total=size)
    bar.start()
    return bar
