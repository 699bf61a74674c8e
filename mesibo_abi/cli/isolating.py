"""The options of `run` that say how libraries run in processes of their own."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from ..errors import InputError
from ..isolation.limits import ModuleLimits
from ..isolation.worker import Restart, RestartPolicy


@dataclass(frozen=True, slots=True)
class Isolating:
    """As in `Host.load`. `deadline` is in seconds."""

    isolated: bool = False
    deadline: float = 5.0
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
    return int(found[1]) << 10 * " KMGT".index(found[2].upper() or " ")


def policy(ctx: click.Context, option: click.Parameter, text: str | None) -> RestartPolicy | None:
    """Whether a module is started again: never, always, or 3/60 for three times a minute."""
    if text in (None, "never", "always"):
        return text
    found = re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)", text, re.ASCII)
    if found is None:
        expected = "expected never, always, or such as 3/60 for three times a minute"
        raise click.BadParameter(f"{text!r} is not a policy: {expected}", ctx, option)
    return Restart(int(found[1]), float(found[2]))


_OPTIONS = (
    click.option(
        "--isolated",
        is_flag=True,
        help="Run each library in a process of its own: a crash is a verdict.",
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="With --isolated: end a callback that takes longer.  [default: 5]",
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
        metavar="SECONDS",
        help="With --isolated: end a library that took so much time of the processor.",
    ),
    click.option(
        "--open-files",
        type=int,
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
            _refuse_alone(deadline, restart, memory, cpu_time, open_files, no_network or None)
        limits = ModuleLimits(memory, cpu_time, open_files, not no_network)
        isolating = Isolating(
            isolated, deadline or 5.0, restart or "always", limits if isolated else None, gdb
        )
        command(*args, isolating=isolating, **others)

    for option in reversed(_OPTIONS):
        packed = option(packed)
    return packed


def _refuse_alone(*given: object) -> None:
    names = ("--deadline", "--restart", "--memory", "--cpu-time", "--open-files", "--no-network")
    for name, value in zip(names, given, strict=True):
        if value is not None:
            raise InputError(
                f"run: {name} without --isolated",
                detail=f"expected --isolated with it, found only {name}, which is for modules in "
                "processes of their own",
                hint=f"add --isolated, or leave out {name}",
            )
