"""What an isolated module may take of the machine."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError

LEAST_MEMORY = 1 << 20
MOST_MEMORY = 1 << 60
MOST_SECONDS = 10**9
MOST_FILES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModuleLimits:
    """Bounds of what an isolated module may take; None is no bound. They are set in its process
    before any code of the module runs, its constructors included, again in each that is started
    after a crash, and the module cannot raise them. Each process that it forks off has them, too,
    and counts by itself.

    `memory` are bytes of private memory that can be written to: heap, mappings, the library's own
    data, the stacks of threads whole (RLIMIT_DATA). More is refused: malloc returns NULL, `new`
    throws std::bad_alloc. What is shared with the host is not counted, the module's copy of a
    message is.

    `cpu_time` are whole seconds of the processor, all threads together (RLIMIT_CPU), of one life of
    the process: then it is ended, and counts anew when it is started again. A deadline is for each
    callback; this is for what its threads do as well.

    `open_files` are descriptors beside those that its process begins with, standard input, output
    and error among them (RLIMIT_NOFILE): where it opens more, EMFILE.

    `network` False: it makes no socket but local ones (AF_UNIX), ENETDOWN, and none by io_uring, by
    a filter of system calls (seccomp). Requests through the host, HTTP, FastCGI and sockets, are
    refused as well, with a line in its log.

    Raises InputError for what is no bound. `Host.load` raises LoadError where the kernel does not
    set one of them: none is left out silently.
    """

    memory: int | None = None
    cpu_time: int | None = None
    open_files: int | None = None
    network: bool = True

    def __post_init__(self) -> None:
        _check("memory", self.memory, "bytes", LEAST_MEMORY, MOST_MEMORY, "67108864 for 64 MiB")
        _check("cpu_time", self.cpu_time, "whole seconds", 1, MOST_SECONDS, "10")
        _check("open_files", self.open_files, "a number of files", 1, MOST_FILES, "16")
        if not isinstance(self.network, bool):
            raise InputError(
                f"ModuleLimits cannot have network={self.network!r}",
                detail=f"expected True or False, got {self.network!r}",
                hint="pass network=False for a module that may not reach the network",
            )


def _check(name: str, value: object, what: str, least: int, most: int, example: str) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputError(
            f"ModuleLimits cannot have {name}={value!r}",
            detail=f"expected {what} from {least} to {most}, got {value!r}",
            hint=f"pass {example}, or None for no bound",
        )


NO_LIMITS = ModuleLimits()
