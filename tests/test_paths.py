"""Where builds find things, from Python and from `python -m mesibo_abi`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.errors import InputError
from mesibo_abi.paths import get_cmake_dir, get_include, get_pkgconfig_dir
from mesibo_abi.types import Revision

ROOT = Path(__file__).parents[1]
REFUSED = """\
get_include: there is no header of revision 'doc1999'
  expected one of: doc2019, sdk2019, sdk2020
  hint: leave the revision out for doc2019"""


def tell(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ)
    if path is not None:
        env["PYTHONPATH"] = os.pathsep.join([str(path), env.get("PYTHONPATH", "")])
    # -P: the package that these tests import, not the one in the current directory.
    command = [sys.executable, "-P", "-m", "mesibo_abi", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize("revision", Revision)
def test_every_revision_has_its_header(revision: Revision) -> None:
    header = Path(get_include(revision)) / "module.h"
    assert header.is_absolute()
    assert f"revision {revision}." in header.read_text()
    assert get_include(str(revision)) == get_include(revision)


def test_doc2019_is_the_default() -> None:
    assert get_include() == get_include("doc2019")


def test_it_is_the_header_of_the_checkout() -> None:
    header = ROOT / "include" / "doc2019" / "module.h"
    assert (Path(get_include()) / "module.h").read_bytes() == header.read_bytes()


def test_a_revision_without_a_header() -> None:
    with pytest.raises(InputError) as caught:
        get_include("doc1999")
    assert str(caught.value) == REFUSED


@given(st.text().filter(lambda text: text not in set(Revision)))
def test_no_other_word_leads_anywhere(revision: str) -> None:
    """Not the empty one, and none with dots and slashes in it."""
    with pytest.raises(InputError):
        get_include(revision)


def test_directories_hold_what_they_say() -> None:
    assert (Path(get_cmake_dir()) / "mesibo_abiConfig.cmake").is_file()
    assert (Path(get_cmake_dir()) / "mesibo_abiConfigVersion.cmake").is_file()
    assert (Path(get_pkgconfig_dir()) / "mesibo_abi.pc").is_file()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--includes"], f"-I{get_include()}"),
        (["--includes", "--revision", "doc2019"], f"-I{get_include()}"),
        (["--cmakedir"], get_cmake_dir()),
        (["--pkgconfigdir"], get_pkgconfig_dir()),
    ],
)
def test_the_command_prints_one_line(arguments: list[str], line: str) -> None:
    done = tell(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{line}\n", "")


def test_the_command_prints_the_installed_version(tmp_path: Path) -> None:
    metadata = tmp_path / "mesibo_abi-98.7.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: mesibo_abi\nVersion: 98.7\n")
    done = tell("--version", path=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "98.7\n", "")


def test_the_command_refuses_an_unknown_revision() -> None:
    done = tell("--includes", "--revision", "doc1999")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{REFUSED}\n")


@pytest.mark.parametrize("arguments", [[], ["--includes", "--cmakedir"], ["--include-what"]])
def test_the_command_refuses_what_it_does_not_know(arguments: list[str]) -> None:
    done = tell(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("usage: python -m mesibo_abi")


def test_the_command_imports_nothing_heavy() -> None:
    """Builds run it for every target: it must not cost them the host."""
    program = (
        "import sys, runpy; sys.argv[1:] = ['--includes']\n"
        "try: runpy.run_module('mesibo_abi', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'aiohttp', 'asyncio', 'click', 'elftools', 'rich', 'mesibo_abi._core'}\n"
        "print(sorted(heavy & {*sys.modules}))"
    )
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["[]"]
