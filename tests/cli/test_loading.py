"""From what was named to a host, built first where asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi.cli.arguments import Plan
from mesibo_abi.cli.loading import Builder, module_name, open_host
from mesibo_abi.types import OnFailure
from tests.tools import needs

pytestmark = needs("cc", "c++")

MINIMAL = Path(__file__).parents[1] / "modules" / "minimal.c"


def configure(folder: Path, *names: str) -> Plan:
    path = folder / "mesibo.conf"
    path.write_text("".join(f"module {name}\n" for name in names))
    return Plan(path, (), None)


def write_source(path: Path) -> Path:
    name = path.stem.removeprefix("mesibo_mod_")
    path.write_text(MINIMAL.read_text().replace("minimal", name))
    return path


def built_by(plan: Plan) -> list[str]:
    builder = Builder()
    builder.build(plan)
    return [path.name for path in builder.built]


@pytest.mark.parametrize("source", ["a.c", "a.cpp", "a.cc", "mesibo_mod_a.c", "mesibo_mod_a.cxx"])
def test_a_module_is_built_from_the_source_of_its_name(source: str, tmp_path: Path) -> None:
    write_source(tmp_path / source)
    plan = configure(tmp_path, "a", "a")
    assert built_by(plan) == ["mesibo_mod_a.so"]
    with open_host(plan, OnFailure.STOP) as host:
        assert [module.name for module in host.modules] == ["a", "a#2"]
        assert host.modules[0].path == tmp_path / "mesibo_mod_a.so"


def test_only_what_is_older_than_its_source_is_built_again(tmp_path: Path) -> None:
    source = write_source(tmp_path / "a.c")
    write_source(tmp_path / "b.c")
    plan = configure(tmp_path, "a", "b")
    assert built_by(plan) == ["mesibo_mod_a.so", "mesibo_mod_b.so"]
    assert built_by(plan) == []
    later = (tmp_path / "mesibo_mod_a.so").stat().st_mtime_ns + 1
    os.utime(source, ns=(later, later))
    assert built_by(plan) == ["mesibo_mod_a.so"]


def test_modules_without_a_source_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import mesibo_abi\nclass M(mesibo_abi.Module): pass\n")
    plan = configure(tmp_path, "script")
    assert built_by(plan) == []
    with open_host(plan, OnFailure.STOP) as host:
        assert [module.name for module in host.modules] == ["script"]


def test_several_sources(tmp_path: Path) -> None:
    write_source(tmp_path / "a.c")
    write_source(tmp_path / "mesibo_mod_a.cpp")
    with pytest.raises(mesibo_abi.InputError) as caught:
        built_by(configure(tmp_path, "a"))
    assert str(caught.value) == (
        f"{tmp_path}: several sources for the module 'a'\n"
        "  expected one, found a.c, mesibo_mod_a.cpp\n"
        "  hint: build it yourself with `mesibo-abi build`, or move the others away"
    )


def test_sources_that_are_named_themselves(tmp_path: Path) -> None:
    source = write_source(tmp_path / "a.c")
    script = tmp_path / "script.py"
    builder = Builder()
    plan = builder.build(Plan(None, (source, script), None))
    assert plan.modules == (tmp_path / "mesibo_mod_a.so", script)
    assert builder.built == [tmp_path / "mesibo_mod_a.so"]


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(mesibo_abi.InputError, match="no such file"):
        built_by(Plan(None, (tmp_path / "a.c",), None))


def test_a_source_where_a_module_should_be(tmp_path: Path) -> None:
    source = write_source(tmp_path / "a.c")
    with pytest.raises(mesibo_abi.InputError) as caught:
        open_host(Plan(None, (source,), None), OnFailure.STOP)
    assert str(caught.value) == (
        f"{source}: a source, not a module\n"
        "  expected a library or a Python file, found a name that ends in .c\n"
        "  hint: add --build to have it compiled first"
    )


@pytest.mark.parametrize(
    ("file", "name"),
    [("mesibo_mod_a.so", "a"), ("a.so", "a"), ("a.b.py", "a.b"), ("mesibo_mod_.so", "mesibo_mod_")],
)
def test_the_name_in_a_file(file: str, name: str) -> None:
    assert module_name(Path("folder", file)) == name
