"""Where a build puts its library, and what it does not put it on."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from mesibo_abi.compiler import build
from mesibo_abi.errors import InputError
from mesibo_abi.outputs import library_path
from tests.tools import needs

MINIMAL = Path(__file__).parent / "modules" / "minimal.c"


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(output: str | Path, *sources: Path) -> str:
    with pytest.raises(InputError) as caught:
        library_path("m", output, sources)
    return str(caught.value)


# ---- Sources


@pytest.mark.parametrize("output", ["self.c", "./self.c", "linked.c", "hard.c"])
def test_a_source_is_not_overwritten(output: str) -> None:
    source = Path("self.c")
    for file in (source, Path("other.c")):
        file.write_text("int x;\n")
    Path("linked.c").symlink_to("self.c")
    Path("hard.c").hardlink_to("self.c")
    assert refusal(output, Path("other.c"), source) == (
        f"{Path(output)}: the output would overwrite a source\n"
        "  expected another file, found the same as self.c\n"
        "  hint: give another output, such as mesibo_mod_<name>.so, or a directory"
    )


@needs("cc")
def test_a_build_leaves_its_own_source() -> None:
    source = Path(shutil.copy(MINIMAL, "minimal.c"))
    with pytest.raises(InputError, match="would overwrite a source"):
        build(source, output=source)
    Path("mesibo_mod_minimal.so").symlink_to(source)
    with pytest.raises(InputError, match="would overwrite a source"):
        build(source)
    assert source.read_bytes() == MINIMAL.read_bytes()


# ---- What is no regular file


def special(kind: str) -> Path:
    path = Path(f"{kind}.so")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        Path("mesibo_mod_m.so").mkdir()
        path = Path()
    return path


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "directory"])
def test_what_is_no_regular_file_is_not_replaced(kind: str) -> None:
    output = special(kind)
    target = output if output != Path() else Path("mesibo_mod_m.so")
    assert refusal(output) == (
        f"{target}: the output is no regular file\n"
        f"  expected a file that may be replaced, or none, found a {kind}\n"
        "  hint: give the path of a file to make, or a directory to put it in"
    )


# ---- Links


@needs("cc")
@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_is_written_through(there: bool) -> None:
    Path("release").mkdir()
    real = Path("release", "mesibo_mod_minimal-1.so")
    if there:
        real.write_text("old")
    link = Path("mesibo_mod_minimal.so")
    link.symlink_to(real)
    assert build(MINIMAL) == link
    assert link.is_symlink()
    assert not real.is_symlink()
    assert real.read_bytes().startswith(b"\x7fELF")
    assert list(Path("release").iterdir()) == [real]


def test_a_link_that_leads_to_no_directory() -> None:
    Path("m.so").symlink_to("no/where/m.so")
    assert refusal("m.so") == (
        "m.so: its directory does not exist\n"
        f"  expected a directory {Path().absolute()}/no/where, found none\n"
        "  hint: create it first, or give another output"
    )


# ---- A slash at the end


@pytest.mark.parametrize(("there", "found"), [(False, "none"), (True, "a file")])
def test_a_slash_at_the_end_means_a_directory(there: bool, found: str) -> None:
    if there:
        Path("new-dir").write_text("")
    expected = (
        "new-dir/: there is no such directory\n"
        f"  expected a directory, as the slash at its end says, found {found}\n"
        "  hint: create it first, or take the slash away to name the library itself"
    )
    assert refusal("new-dir/") == expected
    with pytest.raises(InputError) as caught:
        build(MINIMAL, output="new-dir/")
    assert str(caught.value) == expected
    Path("there").mkdir()
    assert library_path("m", "there/", ()) == Path("there/mesibo_mod_m.so")
