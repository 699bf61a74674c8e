"""`mesibo-abi inspect`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import invoke, records
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc", "c++")


def test_a_sound_library(built: Built) -> None:
    library = built("minimal", "-nostdlib")
    done = invoke("inspect", library)
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == str(library)
    found = dict(line.strip().split("  ", 1) for line in lines[1:] if line[2] != " ")
    assert {title: text.strip() for title, text in found.items()} == {
        "name": "minimal",
        "revision": "doc2019 (told by: tag)",
        "entry point": "mesibo_module_minimal_init",
        "machine": found["machine"].strip(),
        "needs": "no library",
        "imports": "none",
        "exports": "mesibo_module_minimal_init",
        "threads": "starts none by itself",
        "problems": "none",
    }


def test_a_library_with_a_problem(built: Built, tmp_path: Path) -> None:
    library = tmp_path / "other.so"
    library.write_bytes(built("minimal").read_bytes())
    done = invoke("inspect", library)
    assert (done.exit_code, done.stderr) == (1, "")
    assert "  name         none: the file is not named mesibo_mod_<name>.so\n" in done.stdout
    assert done.stdout.endswith(
        "  problems     1:\n"
        "               not named as a module's file\n"
        "                 expected mesibo_mod_<name>.so (letters, digits, _), found other.so\n"
        "                 hint: rename it to mesibo_mod_minimal.so, or load it with entry_point=\n"
    )


def test_as_json(built: Built, tmp_path: Path) -> None:
    library = tmp_path / "mesibo_mod_other.so"
    library.write_bytes(built("minimal").read_bytes())
    done = invoke("inspect", "--json", built("minimal"), library)
    sound, broken = records(done.stdout)
    assert done.exit_code == 1
    assert sound["path"] == str(built("minimal"))
    assert sound["entry_point"] == "mesibo_module_minimal_init"
    assert (sound["revision"], sound["told_by"], sound["problems"]) == ("doc2019", "tag", [])
    assert [problem["code"] for problem in broken["problems"]] == ["entry-point-name"]


def test_what_is_no_library_does_not_stop_it(built: Built, tmp_path: Path) -> None:
    none = tmp_path / "none.so"
    done = invoke("inspect", none, built("minimal"))
    assert done.exit_code == 2
    assert done.stdout.startswith(f"{built('minimal')}\n")
    assert done.stderr == (
        f"{none}: no such file\n"
        "  expected a shared library, found: No such file or directory\n"
        "  hint: build it first with `mesibo-abi build`, or give another path\n"
    )


def test_many_symbols_are_cut_short(tmp_path: Path) -> None:
    source = tmp_path / "many.c"
    functions = "".join(f"void _f{n}(void) {{}} void g{n}(void) {{}}\n" for n in range(20))
    source.write_text(
        f'#include "module.h"\n{functions}int mesibo_module_many_init(mesibo_module_t *mod, '
        "mesibo_uint_t len) { return len == sizeof *mod ? 0 : -1; }\n"
    )
    library = invoke("build", source, "-o", tmp_path).stdout.strip()
    text = " ".join(invoke("inspect", library).stdout.split())
    assert (
        "exports mesibo_module_many_init, g0, g1, g10, g11, g12, g13, g14 and 33 more (--json has "
        "all)"
    ) in text
