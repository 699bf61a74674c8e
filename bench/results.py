"""What a run found, as values that are written to a file and read from one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..errors import InputError

FORMAT = 1


class Machine(msgspec.Struct, frozen=True):
    """Where and with what."""

    python: str
    python_compiler: str
    compilers: tuple[str, ...]
    cpu: str
    cores: int
    system: str
    versions: dict[str, str]


class Figure(msgspec.Struct, frozen=True):
    """Nanoseconds for one time: a median, quartiles, and how many samples counted. `gross` is with
    the empty loop."""

    name: str
    net: float
    low: float
    high: float
    gross: float
    samples: int
    rejected: int
    noisy: bool
    baseline: bool


class Comparison(msgspec.Struct, frozen=True):
    """A figure judged; its names are those of Reach. `reached` None: this Python has no limit."""

    of: str
    against: str | None
    kind: str
    value: float
    limit: float | None
    reached: bool | None


class Outcome(msgspec.Struct, frozen=True):
    """What a trial came to. `absent`: why it was not made."""

    name: str
    title: str
    what: str
    figures: tuple[Figure, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    absent: str | None = None


class Report(msgspec.Struct, frozen=True):
    """A run. `missing` is a sentence for each peer that was left out."""

    machine: Machine
    quick: bool
    missing: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    format: int = FORMAT


def write(report: Report, path: Path) -> None:
    """As JSON, with a line for each figure, so that two can be compared."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def read(path: Path) -> Report:
    """Raises InputError for what is no report of this format."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            f"{path}: is no report of the benchmark",
            detail=f"expected JSON that `mesibo-abi bench` wrote, found: {error}",
            hint="make it anew with `mesibo-abi bench`",
        ) from error
    if report.format != FORMAT:
        raise InputError(
            f"{path}: is a report of another format",
            detail=f"expected format {FORMAT}, found {report.format}",
            hint="make it anew with `mesibo-abi bench`",
        )
    return report
