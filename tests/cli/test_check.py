"""`mesibo-abi check`: what it prints and writes, and how it exits."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as xml

import pytest

from mesibo_abi.checking.catalogue import CHECKS
from tests.checking.broken import Broken
from tests.cli.command import execute, invoke, records
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc", "c++")

STATIC = ("--only", "static")


@pytest.fixture
def stray(tmp_path: Path) -> Path:
    return broken("check/exported_host_name").build(tmp_path)


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    return broken("check/exported_name").build(tmp_path)


def broken(source: str) -> Broken:
    from mesibo_abi import Outcome

    return Broken(source, "static.exports", Outcome.FAILED)


def test_a_sound_module(built: Built) -> None:
    done = invoke("check", *STATIC, built("minimal"))
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == str(built("minimal"))
    assert lines[1] == (
        "passed   static.loadable      it is a shared library: what else there is cannot be loaded"
    )
    assert lines[-1] == "10 passed"


def test_a_finding(stray: Path) -> None:
    done = invoke("check", "--only", "static.exports", stray)
    path = broken("check/exported_host_name")
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == (
        f"{stray}\n"
        "failed   static.exports  it exports its entry point alone: other names can meet those of "
        "the host or\n"
        "                         of a module\n"
        "         found     it exports mesibo_answer\n"
        f"         where     mesibo_answer, {path.path}:{path.line}\n"
        "         evidence  expected only mesibo_module_exported_host_name_init of the names that "
        "belong to\n"
        "                   the host and to entry points, found mesibo_answer\n"
        "         cure      give it another name, or make it static\n"
        f"         again     mesibo-abi check --only static.exports {stray}\n"
        "1 failed\n"
    )


def test_a_warning_is_no_failure(warned: Path) -> None:
    done = invoke("check", "--only", "static.exports", warned)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{warned}\nwarning  static.exports")
    assert done.stdout.endswith("1 warning\n")


def test_several_modules(built: Built, stray: Path) -> None:
    done = invoke("check", *STATIC, "--json", built("minimal"), stray)
    sound, bad = records(done.stdout)
    assert done.exit_code == 1
    assert (sound["path"], sound["revision"]) == (str(built("minimal")), "doc2019")
    assert {result["outcome"] for result in sound["results"]} == {"passed"}
    (failed,) = [result for result in bad["results"] if result["outcome"] == "failed"]
    assert failed["check"] == "static.exports"
    assert failed["findings"][0]["where"].startswith("mesibo_answer, ")
    assert failed["reproduce"] == f"mesibo-abi check --only static.exports {stray}"


def test_junit(stray: Path, warned: Path, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    done = invoke("check", "--only", "static.[em]*", "--junit", file, stray, warned)
    assert done.exit_code == 1
    first, second = xml.parse(file).getroot()
    assert [(suite.get("tests"), suite.get("failures")) for suite in (first, second)] == [
        ("3", "1"),
        ("3", "0"),
    ]
    cases = {case.get("name"): case for case in first}
    failure = cases["exports"].find("failure")
    assert failure is not None
    assert failure.get("message") == "it exports mesibo_answer"
    assert "\n  hint: give it another name" in (failure.text or "")
    assert "mesibo-abi check --only static.exports" in (failure.text or "")
    assert list(cases["machine"]) == []
    output = {case.get("name"): case for case in second}["exports"].find("system-out")
    assert output is not None
    assert "it exports answer" in (output.text or "")


def test_a_file_that_is_none_is_no_reason_to_leave_out_the_others(
    built: Built, stray: Path, tmp_path: Path
) -> None:
    file, none = tmp_path / "junit.xml", tmp_path / "none.so"
    modules = (stray, none, built("minimal"))
    done = invoke("check", "--only", "static.exports", "--junit", file, *modules)
    assert (done.exit_code, done.stderr) == (2, words_of(none))
    lines = done.stdout.splitlines()
    text = "".join(lines)  # a long path may be on two of them
    places = [text.find(str(path)) for path in modules]
    assert places[0] >= 0
    assert places == sorted(set(places))
    assert [line for line in lines if line in ("1 passed", "1 failed")] == ["1 failed", "1 passed"]
    first, second = xml.parse(file).getroot()
    assert (first.get("failures"), second.get("failures")) == ("1", "0")


def test_files_that_are_none_as_json(built: Built, tmp_path: Path) -> None:
    """None of the others failed: the status is that of what could not be checked."""
    other = tmp_path / "other.so"
    other.write_text("no library")
    none = tmp_path / "none.so"
    done = invoke("check", "--only", "static.exports", "--json", none, built("minimal"), other)
    assert done.exit_code == 2
    assert done.stderr.startswith(words_of(none))
    assert "other.so: " in done.stderr
    (report,) = records(done.stdout)
    assert report["path"] == str(built("minimal"))


def test_what_is_wrong_with_all_is_said_once(built: Built, stray: Path, tmp_path: Path) -> None:
    conf = tmp_path / "none.conf"
    done = invoke("check", *STATIC, "--config", conf, "--json", built("minimal"), stray)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count(f"{conf}: ") == 1


def words_of(none: Path) -> str:
    """What is said of a file that is not there."""
    return invoke("check", none).stderr


def test_junit_that_cannot_be_written(built: Built, tmp_path: Path) -> None:
    file = tmp_path / "none" / "junit.xml"
    done = invoke("check", "--only", "static.loadable", "--junit", file, built("minimal"))
    assert done.exit_code == 2
    assert done.stderr == (
        f"{file}: cannot be written\n"
        "  expected a file that may be written, found: No such file or directory\n"
        "  hint: give another path to --junit\n"
    )


def test_list() -> None:
    done = invoke("check", "--list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [check.name for check in CHECKS]
    some = invoke("check", "--list", "--only", "static", "--skip", "static.[!l]*").stdout
    assert [line.split()[0] for line in some.splitlines()] == [
        "static.loadable",
        "static.linkage",
        "static.layout",
    ]


def test_a_pattern_that_matches_nothing(built: Built) -> None:
    done = invoke("check", "--only", "static.nothing", built("minimal"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "check: no check is called 'static.nothing'\n"
        "  expected a name such as static.loadable, static for all that begin so, or a pattern "
        "with *\n"
        "  hint: see them all with: mesibo-abi check --list\n"
    )


def test_no_module() -> None:
    done = invoke("check")
    assert done.exit_code == 2
    assert done.stderr == (
        "check: no module\n"
        "  expected libraries, found none\n"
        "  hint: such as: mesibo-abi check mesibo_mod_filter.so\n"
    )


def test_a_configuration_without_the_module(built: Built, tmp_path: Path) -> None:
    conf = tmp_path / "mesibo.conf"
    conf.write_text("module other {\n}\n")
    done = invoke("check", "--config", conf, built("minimal"))
    assert done.exit_code == 2
    assert done.stderr == (
        f"{conf}: no module 'minimal'\n"
        "  expected a block `module minimal`, found other\n"
        "  hint: give the configuration that the module is in, or its items as --config KEY=VALUE\n"
    )


def test_items_come_from_both(built: Built, tmp_path: Path) -> None:
    conf = tmp_path / "mesibo.conf"
    conf.write_text("module minimal {\n  log = 1\n  words = a, b\n}\n")
    done = invoke(
        *("check", "--json", "--only", "static.loadable"),
        *("--config", conf, "--config", "log = 2", built("minimal")),
    )
    (result,) = records(done.stdout)[0]["results"]
    assert result["reproduce"] == (
        "mesibo-abi check --only static.loadable --config log=2 --config 'words=a, b' "
        f"{built('minimal')}"
    )


def test_what_is_no_library(tmp_path: Path) -> None:
    done = invoke("check", tmp_path / "none.so")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{tmp_path}/none.so: no such file\n")


def test_as_a_command_of_its_own(stray: Path) -> None:
    done = execute("check", *STATIC, stray)
    assert done.returncode == 1
    assert b"failed   static.exports" in done.stdout
    assert done.stderr == b""
