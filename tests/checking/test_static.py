"""What is seen without loading: each broken library is caught by exactly one check."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import InputError, LoadError, Outcome
from mesibo_abi.checking.child import Task, ended
from mesibo_abi.checking.crashes import Ending
from mesibo_abi.checking.notes import Step
from mesibo_abi.checking.subject import Target
from tests.checking.broken import Broken, bad, found_exactly
from tests.libraries import ENTRY, compiler_in, imports, note
from tests.tools import needs

pytestmark = needs("cc", "c++")


def renamed(library: Path) -> Path:
    return library.rename(library.with_name("filter.so"))


BROKEN = [
    Broken(
        "check/mangled",
        "static.linkage",
        Outcome.FAILED,
        "mesibo_module_mangled_init",
        evidence="found _Z26mesibo_module_mangled_initP15mesibo_module_sm",
    ),
    Broken("no_entry", "static.entry-point", Outcome.FAILED, evidence="found none among"),
    Broken(
        "minimal",
        "static.entry-point",
        Outcome.WARNING,
        evidence="expected mesibo_mod_<name>.so",
        then=renamed,
    ),
    Broken(
        "check/exported_host_name",
        "static.exports",
        Outcome.FAILED,
        "mesibo_answer",
        evidence="found mesibo_answer",
    ),
    Broken(
        "check/exported_name",
        "static.exports",
        Outcome.WARNING,
        "answer",
        evidence="found answer",
    ),
    Broken(
        "minimal",
        "static.stack",
        Outcome.FAILED,
        evidence="found one with it",
        extra_args=("-Wl,-z,execstack",),
    ),
    Broken(
        "check/layout",
        "static.layout",
        Outcome.FAILED,
        evidence="found flags at byte 16 in place of 8; name at byte 8 in place of 16",
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.check} {broken.source}")
def test_exactly_one_check_finds_it(broken: Broken, tmp_path: Path) -> None:
    found_exactly(broken, mesibo_abi.check(broken.build(tmp_path)))


def test_an_executable(tmp_path: Path) -> None:
    path = compiler_in(tmp_path)("int main(void) { return 0; }\n", "-pie")
    report = mesibo_abi.check(path)
    assert bad(report) == ["static.loadable"]
    assert {result.outcome for result in report} == {Outcome.FAILED, Outcome.SKIPPED}
    (finding,) = report["static.loadable"].findings
    assert (finding.what, finding.evidence) == (
        "not a shared library",
        "expected a shared library, found an executable",
    )


def test_another_machine(tmp_path: Path) -> None:
    path = compiler_in(tmp_path)(ENTRY)
    data = bytearray(path.read_bytes())
    data[18:20] = (8).to_bytes(2, "little")
    path.write_bytes(data)
    report = mesibo_abi.check(path)
    assert bad(report) == ["static.machine"]
    assert "found mips, 64-bit" in report["static.machine"].findings[0].evidence


def test_a_name_that_no_host_has(tmp_path: Path) -> None:
    path = compiler_in(tmp_path)('#include "module.h"\n' + imports("mesibo_nonsense"))
    report = mesibo_abi.check(path)
    assert bad(report) == ["static.host-symbols"]
    assert "found mesibo_nonsense" in report["static.host-symbols"].findings[0].evidence


def test_two_revisions(tmp_path: Path) -> None:
    path = compiler_in(tmp_path)(note("doc2019") + note("sdk2020") + ENTRY)
    report = mesibo_abi.check(path)
    assert bad(report) == ["static.revision"]
    assert "found doc2019, sdk2020" in report["static.revision"].findings[0].evidence


def test_a_library_that_is_nowhere(tmp_path: Path) -> None:
    compiler = compiler_in(tmp_path)
    helper = compiler("int help(void) { return 0; }\n", file="libhelp.so")
    text = (Path(__file__).parents[1] / "modules" / "minimal.c").read_text()
    linked = ["-Wl,--no-as-needed", f"-L{tmp_path}", "-lhelp"]
    path = compiler(text, *linked, file="mesibo_mod_minimal.so")
    helper.unlink()
    report = mesibo_abi.check(path)
    assert bad(report) == ["static.needed"]
    assert report["static.needed"].findings[0].what == "it needs libhelp.so, which is nowhere"


def test_what_a_needed_library_needs_is_looked_for_as_well(tmp_path: Path) -> None:
    compiler = compiler_in(tmp_path)
    deep = compiler("int deep(void) { return 0; }\n", file="libdeep.so")
    origin = "-Wl,-rpath,$ORIGIN"
    flags = ["-Wl,--no-as-needed", f"-L{tmp_path}", origin]
    compiler("int help(void) { return 0; }\n", *flags, "-ldeep", file="libhelp.so")
    text = (Path(__file__).parents[1] / "modules" / "minimal.c").read_text()
    path = compiler(text, *flags, "-lhelp", file="mesibo_mod_minimal.so")
    assert mesibo_abi.check(path, only=["static.needed"]).passed
    deep.unlink()
    (finding,) = mesibo_abi.check(path, only=["static.needed"])["static.needed"].findings
    assert finding.what == "it needs libdeep.so, which is nowhere"
    assert f"for {tmp_path / 'libhelp.so'}" in finding.evidence


def test_functions_of_a_library_that_is_not_named(tmp_path: Path) -> None:
    """It loads in this process, which has libm for itself."""
    compiler = compiler_in(tmp_path)
    text = (
        (Path(__file__).parents[1] / "modules" / "minimal.c").read_text()
        + "\ndouble lgamma(double); double cos(double); int puts(const char *);"
        + "\n__attribute__((used)) static double far(double x) { return lgamma(x) + cos(x); }"
        + '\n__attribute__((used)) static int near(void) { return puts("near"); }'
    )
    path = compiler(text, "-fno-builtin", file="mesibo_mod_minimal.so")
    report = mesibo_abi.check(path)
    assert bad(report) == ["static.needed"]
    (finding,) = report["static.needed"].findings
    assert finding.what == "it does not name the library that defines cos, lgamma"
    path = compiler(text, "-fno-builtin", "-lm", file="mesibo_mod_minimal.so")
    assert mesibo_abi.check(path).passed


def test_without_debugging_information_the_layout_is_skipped(tmp_path: Path) -> None:
    path = Broken("minimal", "", Outcome.PASSED).build(tmp_path)
    assert mesibo_abi.check(path)["static.layout"].outcome == Outcome.PASSED
    subprocess.run(["strip", path], check=True)
    result = mesibo_abi.check(path)["static.layout"]
    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "its debugging information tells of no struct of the header: compile it with -g",
    )


def test_an_entry_point_that_is_given_may_have_any_name(tmp_path: Path) -> None:
    path = renamed(Broken("minimal", "", Outcome.PASSED).build(tmp_path))
    report = mesibo_abi.check(path, entry_point="mesibo_module_minimal_init")
    assert bad(report) == []


def test_an_entry_point_that_is_given_must_be_there(tmp_path: Path) -> None:
    path = Broken("minimal", "", Outcome.PASSED).build(tmp_path)
    report = mesibo_abi.check(path, entry_point="other_init", only=["static.entry-point"])
    (finding,) = report["static.entry-point"].findings
    assert finding.what == "it does not have the entry point that was named"
    assert finding.evidence == "expected other_init, found mesibo_module_minimal_init"


def test_no_library_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_m.so"
    with pytest.raises(LoadError, match="no such file"):
        mesibo_abi.check(path)
    path.write_text("text")
    with pytest.raises(LoadError, match="not an ELF file"):
        mesibo_abi.check(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("greeter.py", "greeter.py: a module in Python\n  expected a library: "),
        ("filter.c", "filter.c: a source, not a module\n  expected a library, found a name that"),
    ],
)
def test_what_can_be_no_library_is_refused(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        mesibo_abi.check(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path}/{words}")


def test_thousands_of_exports(tmp_path: Path) -> None:
    """Where each of them stands takes longer than a check may: ten are named."""
    text = (Path(__file__).parents[1] / "modules" / "minimal.c").read_text()
    text += "\nint mesibo_zebra(void) { return 0; }\n"
    text += "".join(
        f"int name_{number:04}(void) {{ return {number}; }}\n" for number in range(4000)
    )
    path = compiler_in(tmp_path)(text, "-g", file="mesibo_mod_minimal.so")
    result = mesibo_abi.check(path, only=["static.exports"])["static.exports"]
    assert result.outcome == Outcome.FAILED
    assert [finding.what for finding in result.findings] == [
        "it exports mesibo_zebra",
        *(f"it exports name_{number:04}" for number in range(9)),
        "it exports 3991 more",
    ]
    assert [finding.warning for finding in result.findings] == [False] + [True] * 10
    named, more = result.findings[9], result.findings[10]
    assert named.where is not None
    assert named.where.startswith("name_0008, ")
    assert (more.evidence, more.where) == (
        "expected mesibo_module_minimal_init alone, found name_0009, name_0010, name_0011 and 3988 "
        "more as well",
        None,
    )


def test_a_check_without_loading_that_takes_too_long_is_not_a_crash_of_the_module(
    tmp_path: Path,
) -> None:
    task = Task(Target(tmp_path / "mesibo_mod_large.so"), "static.exports", 30.0)
    result = ended(task, Ending(-6, None, Step(), 30.0), 30.1)
    assert (result.outcome, result.findings, result.reason) == (
        Outcome.SKIPPED,
        (),
        "it took this check itself more than 30 s: give it a longer --timeout",
    )
