"""What a module takes of its process: memory, descriptors, threads and time; and what a checking
allocator and valgrind say of it."""

from __future__ import annotations

from . import heap, memcheck, slopes, timing
from .subject import Check

# Without these it ends the program that measures it, and that says less of it than they do.
_NEEDS = (
    "init.loads",
    "init.struct",
    "lifecycle.cleanup",
    "messages.ordinary",
    "messages.bounds",
    "messages.empty",
    "events.status",
    "events.others",
    "calls.format",
    *("http.failures", "fastcgi.answers", "sockets.order"),  # all that it asks for fails there
)
_LEAN = (*_NEEDS, "resources.descriptors", "resources.threads")  # else thousands of them are lost
_ANSWERED = (
    *("http.answers", "http.kept", "http.bounds"),
    *("fastcgi.answers", "fastcgi.kept", "fastcgi.bounds"),
    *("sockets.order", "sockets.kept", "sockets.bounds"),
)
_ASKING = (*_LEAN, "resources.memory", *_ANSWERED)
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
        needs=(*_NEEDS, "resources.descriptors"),
    ),
    Check(
        "resources.time",
        "every call returns before its deadline: others wait for it meanwhile",
        timing.alone,
        needs=_LEAN,
    ),
    Check(
        "resources.at-once",
        "it may be called by any thread: with eight of them every call returns, too",
        timing.at_once,
        needs=(*_LEAN, "resources.time"),
    ),
    Check(
        "resources.memory",
        "no call leaves memory behind: a few bytes with each end a server in the end",
        slopes.memory,
        needs=(*_LEAN, "resources.time"),
    ),
    Check(
        "resources.answers",
        "no answer to what it asked for leaves memory, a descriptor or a thread behind",
        slopes.answers,
        needs=(*_ASKING, "resources.time"),
    ),
    Check(
        "resources.lives",
        "its cleanup gives back what its init took, however often it is loaded",
        slopes.lives,
        needs=(*_NEEDS, "lifecycle.again"),
    ),
    Check(
        "resources.heap",
        "it writes into its own blocks and frees each once: a checking allocator finds nothing",
        heap.checked,
        needs=(*_NEEDS, *_ANSWERED),
    ),
    Check(
        "resources.valgrind",
        "valgrind finds nothing: no read of what was freed or never set, and nothing lost",
        memcheck.checked,
        needs=(*_NEEDS, "resources.memory", "resources.lives", "resources.heap"),
    ),
)
