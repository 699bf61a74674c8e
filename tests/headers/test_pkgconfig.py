"""pkg-config finds the headers, wherever the package is put."""

from __future__ import annotations

import importlib
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from mesibo_abi.paths import get_include, get_pkgconfig_dir
from mesibo_abi.types import Revision

from ..tools import needs
from .compiling import DEFAULT, HERE, exported, module, run, tags

pytestmark = needs("pkg-config", "cc")
PROJECT = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]


REVISIONS = pytest.mark.parametrize("revision", Revision)


def package(revision: Revision) -> str:
    """The plain name is the default's."""
    return "mesibo_abi" if revision is DEFAULT else f"mesibo_abi-{revision}"


def pkg_config(directory: str | Path, revision: Revision, *arguments: str) -> str:
    env = {**os.environ, "PKG_CONFIG_PATH": str(directory)}
    return run("pkg-config", *arguments, package(revision), env=env).strip()


def build(flags: str, revision: Revision, folder: Path) -> Path:
    source, library = folder / "hello.c", folder / "mesibo_mod_hello.so"
    source.write_text(module(revision))
    # Through a shell, as a Makefile does it.
    run("sh", "-c", f"cc -shared -fPIC {flags} -o '{library}' '{source}'")
    return library


@REVISIONS
def test_a_module_builds(revision: Revision, tmp_path: Path) -> None:
    flags = pkg_config(get_pkgconfig_dir(), revision, "--cflags")
    library = build(flags, revision, tmp_path)
    assert exported(library) == {"mesibo_module_hello_init"}
    assert tags(library) == [f"{revision}\0".encode()]


@REVISIONS
def test_it_moves_with_the_package(revision: Revision, tmp_path: Path) -> None:
    """As in a wheel: include/ and share/ side by side, somewhere else."""
    moved = tmp_path / "elsewhere" / "mesibo_abi"
    shutil.copytree(Path(get_include()).parent, moved / "include")
    shutil.copytree(Path(get_pkgconfig_dir()).parent, moved / "share")
    flags = pkg_config(moved / "share" / "pkgconfig", revision, "--cflags")
    assert flags.startswith(f"-I{tmp_path}")
    assert exported(build(flags, revision, tmp_path)) == {"mesibo_module_hello_init"}


@REVISIONS
def test_the_version(revision: Revision) -> None:
    assert pkg_config(get_pkgconfig_dir(), revision, "--modversion") == PROJECT["version"]


def test_the_entry_point_leads_to_it() -> None:
    module = importlib.import_module(PROJECT["entry-points"]["pkg_config"]["mesibo_abi"])
    assert [str(Path(path).resolve()) for path in module.__path__] == [get_pkgconfig_dir()]
