"""Imports run one way: no file knows of one that stands on it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mesibo_abi"

LAYERS = (
    ("ground", "checks crossings errors text types"),
    (
        "facts",
        "compiler config elf elf_facts elf_layout elf_needs events evidence faults header_names "
        "isolation limits mailbox outputs paths search share stats symbols thread_starters tracing "
        "vocabulary",
    ),
    ("bridge", "bridge"),
    ("services", "services"),
    ("modules", "records module instances neighbours scripts libraries loading"),
    ("host", "host"),
    ("validator", "checking"),
    ("fuzzing", "fuzzing machine strategies peers pytest_plugin doctor"),
    ("benchmark", "bench"),
    ("commands", "cli"),
    ("top", "__init__ __main__"),
)
RANK = {room: rank for rank, (_, rooms) in enumerate(LAYERS) for room in rooms.split()}

FILES = sorted(
    path
    for suffix in ("*.py", "*.pyx", "*.pxd")
    for folder in (PACKAGE, PACKAGE / "bench")  # a link, which rglob does not follow
    for path in folder.rglob(suffix)
    if "templates" not in path.parts
)
_CYTHON = re.compile(r"^from\s+(\.[\w.]*)\s+c?import\s+(?:\(([^)]*)\)|([^\n(]*))", re.M)


def module_of(path: Path) -> str:
    """mesibo_abi.services.pump, of its file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_of(path): path for path in FILES}


def room_of(module: str) -> str:
    """The room in the package: a file of it, or a folder with all that is in that."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path: Path) -> Iterator[str]:
    """The modules of the package that it imports when it runs, here or in a function."""
    if path.suffix == ".py":
        for source, names in python_imports(ast.parse(path.read_text())):
            yield from resolve(path, source, names)
    else:
        for found in _CYTHON.finditer(path.read_text()):
            names = re.findall(r"\w+|\*", found[2] or found[3])
            yield from resolve(path, found[1], names)


def python_imports(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        else:
            yield from python_imports(node)


def resolve(path: Path, source: str, names: list[str]) -> Iterator[str]:
    """Which modules `from source import names` means: each name may be a module or in one."""
    level = len(source) - len(source.lstrip("."))
    parts = list(path.relative_to(ROOT).parts[:-1])
    base = parts[: len(parts) - level + 1] if level else []
    module = ".".join([*base, *filter(None, source.lstrip(".").split("."))])
    if not (module + ".").startswith("mesibo_abi."):
        return
    inner = [f"{module}.{name}" for name in names if f"{module}.{name}" in MODULES]
    yield from inner
    if len(inner) < max(len(names), 1):
        yield module


def test_every_file_has_its_place() -> None:
    assert {room_of(module) for module in MODULES} == set(RANK)


@pytest.mark.parametrize("module", MODULES)
def test_nothing_points_up(module: str) -> None:
    rank = RANK[room_of(module)]
    above = [name for name in imports_of(MODULES[module]) if RANK[room_of(name)] > rank]
    assert above == []


def test_nothing_runs_in_circles() -> None:
    graph = {
        module: {name for name in imports_of(path) if name != module}
        for module, path in MODULES.items()
        if path.suffix == ".py"
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_the_reader_of_imports_sees_them() -> None:
    host = set(imports_of(PACKAGE / "host.py"))
    assert {"mesibo_abi.bridge.passes", "mesibo_abi.loading", "mesibo_abi.services.pump"} <= host
    bridge = set(imports_of(PACKAGE / "bridge" / "host.pyx"))
    assert {"mesibo_abi.faults", "mesibo_abi.bridge.core", "mesibo_abi.bridge.values"} <= bridge


# ---- The core -----------------------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)
CORE = sorted([*ROOT.glob("csrc/**/*.c"), *ROOT.glob("csrc/**/*.h")])


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_knows_no_python_and_one_place_its_layouts(path: Path) -> None:
    text = path.read_text()
    included = INCLUDE.findall(text)
    assert "Python.h" not in included
    assert "PyObject" not in text
    layouts = [name for name in included if name.endswith("module.h")]
    assert len(layouts) == (path.parent.name == "revisions" and path.suffix == ".c")


def test_each_part_of_the_interface_has_a_mirror() -> None:
    headers = {path.stem for path in ROOT.glob("csrc/interface/*.h")}
    mirrors = {path.stem for path in ROOT.glob("mesibo_abi/bridge/core/*.pxd")}
    assert headers == mirrors - {"__init__", "stdbool"}
    whole = (ROOT / "csrc/host.h").read_text()
    assert headers == set(re.findall(r'#include "interface/(\w+)\.h"', whole))


@pytest.mark.parametrize("header", sorted(ROOT.glob("csrc/interface/*.h")), ids=lambda it: it.name)
def test_a_part_of_the_interface_stands_by_itself(header: Path) -> None:
    command = ["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-xc", "-"]
    text = f'#include "{header}"\n'
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_bridge_sees_the_core_through_one_header() -> None:
    headers = {
        name
        for path in FILES
        if path.suffix in (".pyx", ".pxd")
        for name in re.findall(r'cdef extern from "([^"]+)"', path.read_text())
    }
    assert headers == {"host.h", "<stdbool.h>", "Python.h"}
