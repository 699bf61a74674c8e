"""Numbers and judgements in words."""

from __future__ import annotations

from ..reach import Kind
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
    """With its unit: 12.3 ns, 4.56 \u00b5s."""
    if abs(nanoseconds) < 1000:
        return f"{number(nanoseconds)} ns"
    return f"{number(nanoseconds / 1000)} \u00b5s"


def value(comparison: Comparison) -> str:
    """What was measured."""
    if comparison.kind == Kind.NANOSECONDS:
        return time(comparison.value)
    return number(comparison.value)


def limit(comparison: Comparison) -> str:
    """What is to be reached; empty: nothing is said of this Python."""
    if comparison.limit is None:
        return ""
    most = comparison.kind in (Kind.TIMES, Kind.NANOSECONDS)
    bound = f"{comparison.limit:,g}"
    if comparison.limit >= 1000:
        bound = number(comparison.limit)
    unit = " ns" if comparison.kind == Kind.NANOSECONDS else ""
    return f"{'at most' if most else 'at least'} {bound}{unit}"


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
