"""The options of `run` that say how libraries run in processes of their own."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from ..errors import InputError
from ..isolation.limits import LEAST_MEMORY, MOST_FILES, MOST_MEMORY, ModuleLimits
from ..isolation.worker import MOST_RESTARTS, MOST_SECONDS, Restart, RestartPolicy

_MOST_SECONDS = int(MOST_SECONDS)


@dataclass(frozen=True, slots=True)
class Isolating:
    """As in `Host.load`. The deadlines are in seconds."""

    isolated: bool = False
    deadline: float = 5.0
    init_deadline: float = 10.0
    restart: RestartPolicy = "always"
    limits: ModuleLimits | None = None
    gdb: bool = False


NOT_ISOLATED = Isolating()


def size(ctx: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """Bytes as people write them: 4096, 64K, 512M, 2G."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)([KMGT]?)", text, re.ASCII | re.IGNORECASE)
    if found is None:
        expected = "expected bytes, or such as 512M or 2G"
        raise click.BadParameter(f"{text!r} is not a size: {expected}", ctx, option)
    in_bytes = int(found[1]) << 10 * " KMGT".index(found[2].upper() or " ")
    if not LEAST_MEMORY <= in_bytes <= MOST_MEMORY:
        most = f"{MOST_MEMORY >> 40}T"
        _refuse(ctx, option, text, f"{LEAST_MEMORY >> 20}M to {most}; leave it out for no bound")
    return in_bytes


def seconds(ctx: click.Context, option: click.Parameter, given: float | None) -> float | None:
    """A deadline."""
    if given is not None and not 0 < given <= _MOST_SECONDS:
        _refuse(ctx, option, f"{given:g}", f"seconds above 0 and up to {_MOST_SECONDS}")
    return given


def up_to(most: int) -> Callable[[click.Context, click.Parameter, int | None], int | None]:
    """Whole numbers from 1."""

    def check(ctx: click.Context, option: click.Parameter, given: int | None) -> int | None:
        if given is not None and not 1 <= given <= most:
            _refuse(ctx, option, str(given), f"1 to {most}; leave it out for no bound")
        return given

    return check


def _refuse(ctx: click.Context, option: click.Parameter, given: str, expected: str) -> NoReturn:
    raise click.BadParameter(f"{given!r} is out of bounds: expected {expected}", ctx, option)


def policy(ctx: click.Context, option: click.Parameter, text: str | None) -> RestartPolicy | None:
    """Whether a module is started again: never, always, or 3/60 for three times a minute."""
    if text in (None, "never", "always"):
        return text
    found = re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)", text, re.ASCII)
    if found is None:
        expected = "expected never, always, or such as 3/60 for three times a minute"
        raise click.BadParameter(f"{text!r} is not a policy: {expected}", ctx, option)
    count, period = int(found[1]), float(found[2])
    if not (1 <= count <= MOST_RESTARTS and 0 < period <= _MOST_SECONDS):
        expected = f"1 to {MOST_RESTARTS} times in seconds above 0 and up to {_MOST_SECONDS}"
        _refuse(ctx, option, text, f"{expected}, or never")
    return Restart(count, period)


_OPTIONS = (
    click.option(
        "--isolated",
        is_flag=True,
        help="Run each library in a process of its own: a crash is a verdict.",
    ),
    click.option(
        "--deadline",
        type=float,
        callback=seconds,
        metavar="SECONDS",
        help="With --isolated: end a callback that takes longer.  [default: 5]",
    ),
    click.option(
        "--init-deadline",
        type=float,
        callback=seconds,
        metavar="SECONDS",
        help="With --isolated: end an init that takes longer.  [default: 10]",
    ),
    click.option(
        "--restart",
        callback=policy,
        metavar="never|always|N/SECONDS",
        help="With --isolated: start a module that ended again, at most N times in any SECONDS.  "
        "[default: always]",
    ),
    click.option(
        "--memory",
        callback=size,
        metavar="SIZE",
        help="With --isolated: refuse a library more memory, such as 512M.",
    ),
    click.option(
        "--cpu-time",
        type=int,
        callback=up_to(_MOST_SECONDS),
        metavar="SECONDS",
        help="With --isolated: end a library that took so much time of the processor.",
    ),
    click.option(
        "--open-files",
        type=int,
        callback=up_to(MOST_FILES),
        metavar="N",
        help="With --isolated: refuse a library more open files.",
    ),
    click.option(
        "--no-network", is_flag=True, help="With --isolated: refuse a library the network."
    ),
    click.option(
        "--gdb",
        is_flag=True,
        help="As --isolated, and stop in gdb where a library crashes or hangs.",
    ),
)


def isolation_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options; the command gets what they say as `isolating`."""

    @functools.wraps(command)
    def packed(
        *args: Any,
        isolated: bool,
        deadline: float | None,
        init_deadline: float | None,
        restart: RestartPolicy | None,
        memory: int | None,
        cpu_time: int | None,
        open_files: int | None,
        no_network: bool,
        gdb: bool,
        **others: Any,
    ) -> None:
        isolated = isolated or gdb
        if not isolated:
            limited = (memory, cpu_time, open_files, no_network or None)
            _refuse_alone(deadline, init_deadline, restart, *limited)
        limits = ModuleLimits(memory, cpu_time, open_files, not no_network)
        isolating = Isolating(
            isolated,
            deadline or 5.0,
            init_deadline or 10.0,
            restart or "always",
            limits if isolated else None,
            gdb,
        )
        command(*args, isolating=isolating, **others)

    for option in reversed(_OPTIONS):
        packed = option(packed)
    return packed


_NAMES = (
    *("--deadline", "--init-deadline", "--restart"),
    *("--memory", "--cpu-time", "--open-files", "--no-network"),
)


def _refuse_alone(*given: object) -> None:
    for name, value in zip(_NAMES, given, strict=True):
        if value is not None:
            raise InputError(
                f"run: {name} without --isolated",
                detail=f"expected --isolated with it, found only {name}, which is for modules in "
                "processes of their own",
                hint=f"add --isolated, or leave out {name}",
            )
