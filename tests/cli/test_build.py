"""`mesibo-abi build`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import execute, invoke
from tests.tools import needs

pytestmark = needs("cc")

MINIMAL = Path(__file__).parents[1] / "modules" / "minimal.c"


def test_prints_the_path_of_what_it_made(tmp_path: Path) -> None:
    done = invoke("build", MINIMAL, "-o", tmp_path)
    library = tmp_path / "mesibo_mod_minimal.so"
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{library}\n", "")
    assert library.read_bytes().startswith(b"\x7fELF")


def test_makes_it_in_the_current_directory(tmp_path: Path) -> None:
    done = execute("build", MINIMAL, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mesibo_mod_minimal.so\n", b"")
    assert (tmp_path / "mesibo_mod_minimal.so").is_file()


def test_a_path_that_is_not_utf8_is_printed_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "b\udcff"
    folder.mkdir()
    done = execute("build", MINIMAL, "--output", folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"/b\xff/mesibo_mod_minimal.so\n")


def test_passes_on_what_stands_behind_the_dashes(tmp_path: Path) -> None:
    source = tmp_path / "needy.c"
    source.write_text(
        '#include "module.h"\n#include <math.h>\n'
        "int mesibo_module_needy_init(mesibo_module_t *mod, mesibo_uint_t len) {\n"
        "    return sizeof(*mod) == len ? (int)RESULT : (int)cos((double)len);\n}\n"
    )
    refused = invoke("build", source, "-o", tmp_path)
    assert (refused.exit_code, refused.stdout) == (2, "")
    done = invoke("build", source, "-o", tmp_path, "--debug", "--", "-DRESULT=0", "-lm")
    assert (done.exit_code, done.stderr) == (0, "")


def test_the_compilers_words_come_through(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int x = y;\n")
    done = invoke("build", source, "-o", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{source}: does not compile\n  expected exit status 0, found ")
    assert f"{source}:1:9: error: " in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_warns_and_makes_it_all_the_same(tmp_path: Path) -> None:
    source = tmp_path / "sloppy.c"
    source.write_text("int f(void) { int unused; return 0; }\n")
    done = invoke("build", source, "-o", tmp_path)
    library = tmp_path / "mesibo_mod_sloppy.so"
    assert (done.exit_code, done.stdout) == (0, f"{library}\n")
    compiler, inspection = done.stderr.split("\nwarning: ")
    assert compiler.startswith("warning: ")
    assert "unused variable" in compiler
    assert inspection == (
        f"{library}: no entry point\n"
        "  expected mesibo_module_sloppy_init, found none among 1 exported symbols\n"
        "  hint: define it: MESIBO_EXPORT int mesibo_module_sloppy_init(...), not static\n"
    )


def test_a_name_of_its_own(tmp_path: Path) -> None:
    source = tmp_path / "any.c"
    source.write_text(MINIMAL.read_text().replace("minimal", "other"))
    done = invoke("build", source, "--name", "other", "-o", tmp_path)
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path}/mesibo_mod_other.so\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build"], "Error: Missing argument 'SOURCES...'."),
        (
            ["build", "a.c", "--revision", "doc1999"],
            "Invalid value for '--revision': 'doc1999' is not ",
        ),
        (
            ["build", "none.c"],
            "none.c: no such file\n"
            "  expected a source file, found none\n"
            "  hint: give the path of the module's source\n",
        ),
        (
            ["build", str(MINIMAL), "-o", "no-such-folder/"],
            "no-such-folder/: there is no such directory\n"
            "  expected a directory, as the slash at its end says, found none\n",
        ),
    ],
)
def test_what_cannot_be_meant(arguments: list[str], words: str) -> None:
    done = invoke(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
