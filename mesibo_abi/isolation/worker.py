"""How an isolated module is to be run: its program, its deadlines, and whether it is started
again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ..errors import InputError, LoadError
from .limits import NO_LIMITS, ModuleLimits

PROGRAM = Path(__file__).parent / "mesibo-abi-worker"
ALWAYS = (1 << 32) - 1  # as the core has it: UINT_MAX
MOST_RESTARTS = 1 << 20
MOST_SECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Restart:
    """A module that ended is started again at most `count` times in any `seconds`."""

    count: int
    seconds: float

    def __post_init__(self) -> None:
        if not _is_number(self.count, int) or not 1 <= self.count <= MOST_RESTARTS:
            raise InputError(
                f"Restart cannot have count={self.count!r}",
                detail=f"expected a number from 1 to {MOST_RESTARTS}, got {self.count!r}",
                hint='pass how often; restart="never" is for 0',
            )
        _check_seconds("Restart", "seconds", self.seconds)


RestartPolicy: TypeAlias = str | Restart


class Isolation(NamedTuple):
    """What the core is told: the program, seconds for each call and for the init (0: no bound),
    how many restarts are allowed in how many seconds, what the process may take, and whether a
    message ends where its bytes do, without a NUL."""

    program: bytes
    deadline: float
    init_deadline: float
    restarts: int
    period: float
    limits: ModuleLimits
    bare: bool


def isolation_of(
    name: str,
    deadline: float | None,
    init_deadline: float | None,
    restart: RestartPolicy,
    limits: ModuleLimits | None,
    terminated: bool,
) -> Isolation:
    """What was asked for, checked. Raises InputError, and LoadError where there is no program."""
    what = f"module {name!r}"
    for parameter, value in (("deadline", deadline), ("init_deadline", init_deadline)):
        if value is not None:
            _check_seconds(what, parameter, value)
    restarts, period = _restarts(what, restart)
    _check_limits(what, limits)
    if not PROGRAM.exists():
        raise LoadError(
            f"cannot load {what} in isolation",
            detail=f"expected the worker program {PROGRAM}, there is none",
            hint="install the package anew",
        )
    return Isolation(
        bytes(PROGRAM),
        deadline or 0,
        init_deadline or 0,
        restarts,
        period,
        limits or NO_LIMITS,
        not terminated,
    )


def refuse_together(name: str, **given: bool) -> None:
    """Raises InputError for the first of these options that is set: they say how a module shares
    this process."""
    for option, is_set in given.items():
        if is_set:
            raise InputError(
                f"module {name!r} cannot be loaded with isolated and {option}",
                detail=f"expected one of the two, got isolated=True and {option}=True, which says "
                "how a module runs in this process",
                hint=f"leave out {option} or isolated",
            )


def limits_in_vain(name: str, limits: object) -> InputError:
    """The exception for limits of a module that is not isolated."""
    return InputError(
        f"module {name!r} cannot have limits without isolated",
        detail=f"expected isolated=True, got limits={limits!r} for a module in this process, where "
        "they would be those of the host",
        hint="pass isolated=True, or leave out limits",
    )


def unterminated_in_vain(name: str) -> InputError:
    """The exception for messages without a NUL, for a module that is not isolated."""
    return InputError(
        f"module {name!r} cannot have messages without a NUL without isolated",
        detail="expected isolated=True, got terminated=False for a module in this process, where "
        "no page that may not be touched lies behind them",
        hint="pass isolated=True, or leave out terminated",
    )


def _check_limits(what: str, limits: object) -> None:
    if limits is not None and not isinstance(limits, ModuleLimits):
        raise InputError(
            f"{what} cannot be loaded with limits={limits!r}",
            detail=f"expected a ModuleLimits or None, got {limits!r}",
            hint="such as ModuleLimits(memory=64 << 20, network=False); Limits is for a host",
        )


def _restarts(what: str, restart: object) -> tuple[int, float]:
    if isinstance(restart, Restart):
        return restart.count, float(restart.seconds)
    if restart == "never":
        return 0, 0.0
    if restart == "always":
        return ALWAYS, 0.0
    raise InputError(
        f"{what} cannot be loaded with restart={restart!r}",
        detail=f'expected "never", "always" or a Restart, got {restart!r}',
        hint="for three times a minute pass Restart(3, 60)",
    )


def _is_number(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _check_seconds(what: str, parameter: str, value: object) -> None:
    seconds = value if isinstance(value, int | float) and _is_number(value, int, float) else 0.0
    if not 0 < seconds <= MOST_SECONDS:
        raise InputError(
            f"{what} cannot have {parameter}={value!r}",
            detail=f"expected seconds above 0 and up to {MOST_SECONDS:.0e}, got {value!r}",
            hint="pass a number of seconds, such as 2.5",
        )
