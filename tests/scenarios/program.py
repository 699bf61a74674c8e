"""What plays the scenarios: the sources of it, the libraries that it is given, and the names."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mesibo_abi.paths import get_include
from tests.common import Common

HERE = Path(__file__).parent
MODULES = HERE.parent / "modules"
SOURCES = [HERE / f"{name}.c" for name in ("story", "host", "isolated")]

IN_ONE_PROCESS = ["life", "requests", "trace", "guess", "threads", "trial"]
ISOLATED = ["isolated", "isolated network", "limits", "crash"]

_LIBRARIES = {
    "echo": "doc2019",
    "sdk2020/rewrite": "sdk2020",
    "sdk2020/one_thread": "sdk2020",
    "sdk/bare": "sdk2020",
    "fetch": "doc2019",
    "ends": "doc2019",
}


def libraries(common: Common, compiler: str = "cc") -> list[Path]:
    """In the order of story.h; behind them belongs the worker."""
    return [_library(name, common, compiler) for name in _LIBRARIES]


def _library(name: str, common: Common, compiler: str) -> Path:
    entry = Path(name).name
    flags = ["-shared", "-fPIC", "-g", "-DREVISION=2020", f"-DMESIBO_MODULE={entry}"]
    includes = ["-I", get_include(_LIBRARIES[name])]

    def make(output: Path) -> None:
        command = [compiler, *flags, *includes, "-o", str(output), str(MODULES / f"{name}.c")]
        subprocess.run(command, check=True)

    return common.made(f"mesibo_mod_{entry}.so", make, "scenarios", name, compiler)
