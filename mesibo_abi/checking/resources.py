"""What a module takes of its process: memory, descriptors, threads and time; and what a checking
allocator and valgrind say of it."""

from __future__ import annotations

from . import slopes
from .subject import Check

_NEEDS = ("init.loads", "lifecycle.cleanup", "messages.ordinary")
CHECKS = (
    Check(
        "resources.descriptors",
        "no call leaves a descriptor open: a process has a thousand or so",
        slopes.descriptors,
        needs=_NEEDS,
    ),
    Check(
        "resources.threads",
        "no call leaves a thread running: they have a stack each, and never end by themselves",
        slopes.threads,
        needs=_NEEDS,
    ),
    Check(
        "resources.memory",
        "no call leaves memory behind: a few bytes with each end a server in the end",
        slopes.memory,
        needs=(*_NEEDS, "resources.descriptors", "resources.threads"),
    ),
    Check(
        "resources.lives",
        "its cleanup gives back what its init took, however often it is loaded",
        slopes.lives,
        needs=(*_NEEDS, "lifecycle.again"),
    ),
)
