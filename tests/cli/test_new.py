"""`mesibo-abi new`: what it writes works as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mesibo_abi
from tests.cli.command import environment, execute, invoke, records
from tests.tools import needs

LANGUAGES = {"c": "my_filter.c", "cpp": "my_filter.cpp", "python": "my_filter.py"}
every_language = pytest.mark.parametrize("lang", LANGUAGES)
pytestmark = needs("make", "cc", "c++")


def begin(lang: str, tmp_path: Path, name: str = "my_filter", *options: str) -> Path:
    done = invoke("new", name, "--lang", lang, *options, "--output", tmp_path)
    assert done.exit_code == 0
    return tmp_path / name


def make(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", "-C", folder, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@every_language
def test_says_what_it_wrote(lang: str, tmp_path: Path) -> None:
    done = invoke("new", "my_filter", "--lang", lang, "--output", tmp_path)
    folder = tmp_path / "my_filter"
    files = ["Makefile", "mesibo.conf", "messages.jsonl", LANGUAGES[lang], "test_my_filter.py"]
    assert done.stdout.splitlines() == [f"{folder}/{name}" for name in files]
    assert done.stderr == f"next: make -C {folder} test\n"
    assert names(folder) == sorted(files)
    for path in folder.iterdir():
        assert "newmodule" not in path.read_text().lower()


@every_language
def test_its_tests_pass(lang: str, tmp_path: Path) -> None:
    folder = begin(lang, tmp_path)
    written = names(folder)
    assert " 6 passed" in make(folder, "test", f"PYTHON={sys.executable}")
    make(folder, "clean")
    assert names(folder) == written


@pytest.mark.parametrize("lang", ["c", "cpp"])
def test_its_tests_survive_a_module_that_crashes(lang: str, tmp_path: Path) -> None:
    """One of them fails, with the line, and the others go on."""
    folder = begin(lang, tmp_path)
    source = folder / LANGUAGES[lang]
    code = source.read_text()
    answers = re.search(r"\n.*(MESIBO_RESULT_CONSUMED;)", code)
    assert answers is not None
    broken = code[: answers.start(1)] + "*(volatile int *)0;" + code[answers.end(1) :]
    source.write_text(broken)
    line = broken[: answers.start(1)].count("\n") + 1
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert done.returncode == 1
    assert "1 failed, 5 passed" in done.stdout
    assert re.search(rf" at {source.name}:{line}( \(inlined\))?\n", done.stdout)


@every_language
def test_its_configuration_runs(lang: str, tmp_path: Path) -> None:
    folder = begin(lang, tmp_path)
    done = invoke("run", "--build", "--logs", folder / "mesibo.conf", folder / "messages.jsonl")
    found = [(record["event"], record.get("result")) for record in records(done.stdout)]
    assert found == [("verdict", "PASS"), ("log", None), ("verdict", "CONSUMED")] + [
        ("log", None)
    ] * (len(found) - 3)
    assert done.exit_code == 0


@pytest.mark.parametrize("lang", ["c", "cpp"])
@pytest.mark.parametrize("revision", ["sdk2019", "sdk2020"])
def test_of_a_revision(lang: str, revision: str, tmp_path: Path) -> None:
    """Its tests pass, its configuration runs, and it is of that revision, without a warning."""
    folder = begin(lang, tmp_path, "my_filter", "--revision", revision)
    assert all("doc2019" not in path.read_text() for path in folder.iterdir())
    assert " 6 passed" in make(folder, "test", f"PYTHON={sys.executable}")
    arguments = ["--build", "--revision", revision]
    done = invoke("run", *arguments, folder / "mesibo.conf", folder / "messages.jsonl")
    assert [record["result"] for record in records(done.stdout)] == ["PASS", "CONSUMED"]
    assert mesibo_abi.inspect(folder / "mesibo_mod_my_filter.so").revision == revision
    source = folder / LANGUAGES[lang]
    flags = ["-Wextra", "-Wpedantic", "-Werror"]
    mesibo_abi.build(source, output=tmp_path, extra_args=flags, revision=revision)


def test_a_module_in_python_has_no_revision(tmp_path: Path) -> None:
    done = invoke("new", "echo", "--lang", "python", "--revision", "sdk2020", "--output", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "new: a module in Python has no revision\n"
        "  expected --revision with C or C++, found it with --lang python\n"
        "  hint: leave --revision out\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", ["c", "cpp"])
def test_it_builds_without_the_package(lang: str, tmp_path: Path) -> None:
    folder = begin(lang, tmp_path)
    output = make(folder, "PYTHON=false", f"MESIBO_INCLUDE={mesibo_abi.get_include()}")
    assert "warning" not in output
    assert mesibo_abi.inspect(folder / "mesibo_mod_my_filter.so").problems == ()
    make(folder, "clean", "PYTHON=false")
    assert not (folder / "mesibo_mod_my_filter.so").exists()


@every_language
def test_it_builds_with_the_package(lang: str, tmp_path: Path) -> None:
    folder = begin(lang, tmp_path)
    assert "warning" not in make(folder, f"PYTHON={sys.executable} -P")
    assert (folder / "mesibo_mod_my_filter.so").exists() == (lang != "python")


@pytest.mark.parametrize("standard", ["c11", "c17", "c++11", "c++20"])
def test_it_compiles_silently(standard: str, tmp_path: Path) -> None:
    lang = "cpp" if "++" in standard else "c"
    source = begin(lang, tmp_path) / LANGUAGES[lang]
    flags = [f"-std={standard}", "-Wextra", "-Wpedantic", "-Werror"]
    mesibo_abi.build(source, output=tmp_path, extra_args=flags)


@pytest.mark.parametrize(
    ("name", "class_name"), [("echo", "Echo"), ("my_2nd_one", "My2ndOne"), ("Module", "Module")]
)
def test_the_class_has_the_name(name: str, class_name: str, tmp_path: Path) -> None:
    script = begin("python", tmp_path, name) / f"{name}.py"
    assert f"class {class_name}(mesibo_abi.Module):" in script.read_text()
    with mesibo_abi.Host() as host:
        assert type(host.load(name, script).target).__name__ == class_name


@pytest.mark.parametrize(
    ("name", "other"),
    [("my-filter", "my_filter"), ("2fast", "fast"), ("", "filter"), ("a/b", "a_b")],
)
def test_names_that_cannot_be(name: str, other: str, tmp_path: Path) -> None:
    done = invoke("new", name, "--lang", "c", "--output", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"new: {name!r} cannot be the name of a module\n"
        "  expected a letter, then letters, digits and _ (it becomes part of the C identifier "
        f"mesibo_module_<name>_init), found {name!r}\n"
        f"  hint: give another, such as {other}\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["json", "pytest", "mesibo_abi"])
def test_names_that_python_has_already(name: str, tmp_path: Path) -> None:
    done = invoke("new", name, "--lang", "python", "--output", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"new: {name!r} is the name of a Python module already\n"
        f"  expected a name that {name}.py may have, found one that it would hide\n"
        f"  hint: give another, such as {name}_module\n"
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = begin("c", tmp_path)
    (folder / "my_filter.c").write_text("mine")
    done = invoke("new", "my_filter", "--lang", "c", "--output", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"{folder}: is there already\n"
        "  expected no such folder, found one; nothing in it was touched\n"
        "  hint: give another name or --output, or remove it first\n"
    )
    assert (folder / "my_filter.c").read_text() == "mine"


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    done = invoke("new", "my_filter", "--lang", "c", "--output", tmp_path / "none")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"{tmp_path}/none/my_filter: cannot be written\n"
        "  expected a folder that may be made and filled, found: No such file or directory\n"
        "  hint: give an --output that exists and may be written to\n"
    )


def test_it_lands_in_the_current_directory(tmp_path: Path) -> None:
    done = execute("new", "echo", "--lang", "c", cwd=tmp_path)
    assert done.stdout.splitlines()[0] == b"echo/Makefile"
    assert names(tmp_path) == ["echo"]
