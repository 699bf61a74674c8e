"""Numbers and judgements in words."""

from __future__ import annotations

from ..reach import AT_MOST, IN_NANOSECONDS, Kind
from ..results import Comparison, Figure, Machine


def series(machine: Machine) -> str:
    """3.11, of 3.11.7."""
    return ".".join(machine.python.split(".")[:2])


def number(value: float) -> str:
    """Three digits that count, and all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.3f}"


def time(nanoseconds: float) -> str:
    """With its unit: 12.3 ns, 4.56 \u00b5s, 7.89 ms."""
    value, unit = _scaled(nanoseconds)
    return f"{number(value)}{unit}"


def _scaled(nanoseconds: float) -> tuple[float, str]:
    if abs(nanoseconds) < 1000:
        return nanoseconds, " ns"
    if abs(nanoseconds) < 1e6:
        return nanoseconds / 1000, " \u00b5s"
    return nanoseconds / 1e6, " ms"


def value(comparison: Comparison) -> str:
    """What was measured."""
    if comparison.kind in IN_NANOSECONDS:
        return time(comparison.value)
    return number(comparison.value)


def limit(comparison: Comparison) -> str:
    """What is to be reached; empty: nothing is said of this Python."""
    if comparison.limit is None:
        return ""
    return f"{'at most' if comparison.kind in AT_MOST else 'at least'} {_bound(comparison)}"


def _bound(comparison: Comparison) -> str:
    limit = comparison.limit
    assert limit is not None
    if comparison.kind in IN_NANOSECONDS:
        value, unit = _scaled(limit)
        return f"{value:g}{unit}"
    return number(limit) if limit >= 1000 else f"{limit:,g}"


def judgement(comparison: Comparison) -> str:
    """Plain, and never more than that: what is not reached is no error."""
    return {True: "reached", False: "not reached", None: ""}[comparison.reached]


def subject(comparison: Comparison) -> str:
    """What is compared, in the words of the table's second column."""
    match comparison.kind:
        case Kind.TIMES:
            words = f"time / {comparison.against}"
        case Kind.RATE:
            words = f"rate / {comparison.against}"
        case Kind.MORE:
            words = f"time more than {comparison.against}"
        case Kind.NANOSECONDS:
            words = "time"
        case _:
            words = "a second"
    if comparison.of == "mesibo_abi":
        return words
    return f"{comparison.of.removeprefix('mesibo_abi, ')}: {words}"


def quartiles(figure: Figure) -> str:
    """How far the samples lie apart, as a share of the median."""
    if not figure.net:
        return ""
    spread = (figure.high - figure.low) / 2 / abs(figure.net)
    return f"\u00b1{100 * spread:.0f} %" + (", noisy" if figure.noisy else "")
