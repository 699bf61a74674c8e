"""From addresses to functions and lines: of a process that ended, or of a library on disk.

addr2line is asked where it is installed, as it knows inlined functions; else the debugging
information is read here. What cannot be told stays None; nothing is raised for it.
"""

from .frames import Frame, Place, definition, locate, symbolize, unfold
from .maps import Mapping, place_at, places, read_maps
from .tables import Symbol, functions

__all__ = [
    "Frame",
    "Mapping",
    "Place",
    "Symbol",
    "definition",
    "functions",
    "locate",
    "place_at",
    "places",
    "read_maps",
    "symbolize",
    "unfold",
]
