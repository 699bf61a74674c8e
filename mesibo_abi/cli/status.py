"""What the command's exit status says."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """An exit status."""

    DONE = 0
    FOUND = 1
    """It was done, and found something: a problem, a failure."""
    NOT_DONE = 2
    """It could not be done, for a reason that was said."""
    INTERRUPTED = 130
    """Ctrl-C."""
    READER_LEFT = 141
    """Nobody reads the output any more, as behind `| head`."""
