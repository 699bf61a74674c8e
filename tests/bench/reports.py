"""Reports with known figures."""

from __future__ import annotations

from mesibo_abi.bench.results import Comparison, Figure, Machine, Outcome, Report


def figure(name: str, net: float, *, noisy: bool = False, baseline: bool = False) -> Figure:
    return Figure(name, net, net * 0.98, net * 1.02, net + 4, 60, 3, noisy, baseline)


def machine(python: str) -> Machine:
    return Machine(
        python=python,
        python_compiler="GCC 12.2.0",
        compilers=("cc 12", "c++ 12"),
        cpu="Some CPU",
        cores=2,
        system="Linux x86_64",
        versions={"mesibo_abi": "0.1.0"},
    )


def report(python: str = "3.11.7", factor: float = 1.0) -> Report:
    limit = 1.4 if python.startswith("3.11") else 1.7 if python.startswith("3.13") else None
    ratio = 2.0 * factor
    call = Outcome(
        "call",
        "`on_message`, GIL held",
        "A message that is there already.",
        (
            figure("empty loop", 4, baseline=True),
            figure("mesibo_abi", 20 * factor),
            figure("C extension", 10),
            figure("ctypes", 1234.5, noisy=True),
        ),
        (
            Comparison(
                "mesibo_abi",
                "C extension",
                "times",
                ratio,
                limit,
                None if limit is None else ratio <= limit,
            ),
            Comparison("mesibo_abi", "ctypes", "times", 0.0162 * factor, limit and 0.03, True),
        ),
    )
    run = Outcome(
        "run",
        "`mesibo-abi run`",
        "From a file to a file.",
        (figure("mesibo_abi", 2000),),
        (Comparison("mesibo_abi", None, "a second", 500_000, 1e6, False),),
    )
    log = Outcome(
        "log",
        "a log line",
        "At a level that nobody wants.",
        (figure("mesibo_abi", 2.5),),
        (Comparison("mesibo_abi", None, "ns", 2.5, 3, True),),
    )
    batch = Outcome("batch", "a batch", "Many.", absent="Host has no process_batch")
    missing = ("nanobind is left out: nanobind is not installed; pip install 'mesibo_abi[bench]'",)
    return Report(machine(python), False, missing, (call, log, batch, run))
