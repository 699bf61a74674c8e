"""What a word of the params may hold."""

from __future__ import annotations

from hypothesis import strategies as st

from .drawing import Drawing, drawing_of, one_of, strategy_by

EDGES = (1, 2, 7, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
"""Both ends of each width, and small ones."""

FLAGS = (0x1, 0x2, 0x4, 0x8, 0x3, 0xF, 0x100, 0x103, 0x10000, 2**32, 2**64 - 1)
"""MOD_MESIBO_MSGFLAG_*, some together, and others."""

STATUSES = (2, 3, 0, 1, *range(4, 10), *range(0x7F, 0x8A), 0xFF, *EDGES[3:])
"""MESIBO_MODULE_MSGSTATUS_*, and others: servers have more."""

number: Drawing[int] = one_of(
    [drawing_of(st.integers(0, 255))], EDGES, [drawing_of(st.integers(0, 2**64 - 1))]
)
"""Any."""

NUMBERS = strategy_by(number)
