"""How many messages are taken at once."""

from __future__ import annotations

TICK = 0.05  # seconds between looks at what came by itself
_MOST = 256  # a module may begin to take its time, and Ctrl-C waits for them


class Pace:
    """`rows` is how many are done between two looks at other things."""

    def __init__(self) -> None:
        self.rows = 1

    def took(self, rows: int, seconds: float) -> None:
        """So long did so many take, which were `rows` or less."""
        if seconds >= TICK:
            self.rows = max(self.rows // 2, 1)
        elif rows == self.rows:
            self.rows = min(2 * rows, _MOST)
