"""What a run was made with: the machine, Python, the compilers, the peers' versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from .compiling import compiler_versions
from .results import Machine

_PACKAGES = (
    "mesibo_abi",
    "nanobind",
    "pybind11",
    "cffi",
    "pyarrow",
    "aiohttp",
    "msgspec",
    "cython",
)


def this_machine() -> Machine:
    """This one, now."""
    return Machine(
        python=platform.python_version(),
        python_compiler=platform.python_compiler(),
        compilers=tuple(compiler_versions()),
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        system=f"{platform.system()} {platform.machine()}",
        versions={name: version for name in _PACKAGES if (version := _version(name))},
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"
