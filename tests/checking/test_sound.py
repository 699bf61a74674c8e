"""Sound modules pass: what the examples and templates of this repository do is no finding."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import CheckReport, Outcome, config
from mesibo_abi.checking.catalogue import CHECKS
from tests.checking.broken import Broken, bad
from tests.cli.command import invoke
from tests.tools import needs

pytestmark = needs("cc", "c++", "strip", "valgrind")

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCES = sorted(p for p in EXAMPLES.rglob("*") if p.suffix in (".c", ".cpp"))
BRIDGE = {"address": "script", "host": "127.0.0.1", "port": "9", "script": "/reply.php"}
HTTP = {check.name for check in CHECKS if check.name.startswith("http.")}
OTHERS = {check.name for check in CHECKS if check.name.startswith(("fastcgi.", "sockets."))}
ALWAYS: dict[str, set[str]] = {  # skipped of a sound module that has all callbacks, given one item
    "doc2019": {"init.wrong-version", "init.missing-items", "init.absurd-items", *OTHERS},
    "sdk2019": OTHERS,
    "sdk2020": {"messages.const"},
}


def words(report: CheckReport) -> str:
    return "\n".join(f"{r.check} {r.outcome} {r.reason or ''} {r.findings}" for r in report)


def items_of(source: Path) -> dict[str, str]:
    """Those of the configuration beside it, which the bridge is not in."""
    if source.stem == "bridge":
        return BRIDGE
    read = config.read(source.parent / "mesibo.conf")
    found = [section.items for section in read.modules if section.name == source.stem]
    return found[0] if found else {}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_an_example(source: Path, tmp_path: Path) -> None:
    revision = source.parent.name if source.parent != EXAMPLES else "doc2019"
    library = mesibo_abi.build(source, output=tmp_path, revision=revision)
    report = mesibo_abi.check(library, config=items_of(source), valgrind=True, timeout=300)
    assert report.revision == revision
    assert bad(report) == [], words(report)
    tried = {result.check for result in report.of("passed")}
    assert {"init.struct", "lifecycle.twice", "messages.bounds", "params.addresses"} <= tried


def test_every_example_is_tried() -> None:
    assert len(SOURCES) >= 7
    assert {path.suffix for path in SOURCES} == {".c", ".cpp"}


@pytest.mark.parametrize("revision", ALWAYS)
@pytest.mark.parametrize("lang", ["c", "cpp"])
def test_a_new_module(lang: str, revision: str, tmp_path: Path) -> None:
    made = invoke("new", "fresh", "--lang", lang, "--revision", revision, "--output", tmp_path)
    assert made.exit_code == 0
    (source,) = (tmp_path / "fresh").glob("fresh.c*")
    library = mesibo_abi.build(source, output=tmp_path, revision=revision)
    report = mesibo_abi.check(library, valgrind=True, timeout=300)
    assert bad(report) == [], words(report)


@pytest.mark.parametrize("revision", ALWAYS)
def test_all_checks_pass(revision: str, tmp_path: Path) -> None:
    source = "check/sound_doc" if revision == "doc2019" else "check/sound"
    library = Broken(source, "", Outcome.PASSED, revision=revision).build(tmp_path)
    items = None if revision == "doc2019" else {"limit": "7"}
    report = mesibo_abi.check(library, config=items, valgrind=True, timeout=300)
    assert bad(report) == [], words(report)
    assert {result.check for result in report.of("skipped")} == ALWAYS[revision]


@pytest.mark.parametrize("items", [{}, {"address": "reminder"}])
def test_what_a_thread_has_still_to_do_is_not_lost(items: dict[str, str], tmp_path: Path) -> None:
    """The reminder keeps each message for ten seconds."""
    source = EXAMPLES / "sdk2020" / "reminder.cpp"
    library = mesibo_abi.build(source, output=tmp_path, revision="sdk2020")
    report = mesibo_abi.check(library, config=items, only=["resources"])
    assert bad(report) == [], words(report)
    skipped = [result.check for result in report.of("skipped")]
    assert skipped == ["resources.answers", "resources.valgrind"]


def test_threads_that_end_soon(tmp_path: Path) -> None:
    library = Broken("check/short_threads", "", Outcome.PASSED, revision="sdk2020").build(tmp_path)
    report = mesibo_abi.check(library, only=["resources.threads", "resources.memory"])
    assert [result.outcome for result in report] == [Outcome.PASSED, Outcome.PASSED]


def test_a_cache_of_thousands_fills(tmp_path: Path) -> None:
    library = Broken("check/fills_cache", "", Outcome.PASSED, revision="sdk2020").build(tmp_path)
    report = mesibo_abi.check(library)
    assert bad(report) == [], words(report)
    assert report["resources.memory"].outcome == Outcome.PASSED


def test_one_that_is_stripped(tmp_path: Path) -> None:
    """Nothing depends on debugging information but the layout and where things are."""
    library = Broken("check/sound", "", Outcome.PASSED, revision="sdk2020").build(tmp_path)
    subprocess.run(["strip", library], check=True)
    report = mesibo_abi.check(library, config={"limit": "7"})
    assert bad(report) == [], words(report)
    skipped = {result.check for result in report.of("skipped")}
    assert skipped == ALWAYS["sdk2020"] | {"static.layout", "resources.valgrind"}


def test_one_whose_init_alone_tells_its_revision(tmp_path: Path) -> None:
    """No tag, no debugging information, and host functions that both SDKs have."""
    for revision in ("sdk2019", "sdk2020"):
        broken = Broken(
            "check/sound",
            "",
            Outcome.PASSED,
            revision=revision,
            extra_args=("-DMESIBO_ABI_NO_TAG", "-g0", "-DASKS_NOTHING"),
        )
        library = broken.build(tmp_path)
        assert mesibo_abi.inspect(library).revision is None
        report = mesibo_abi.check(library, config={"limit": "7"})
        assert report.revision is None
        assert bad(report) == [], words(report)
        skipped = {result.check for result in report.of("skipped")}
        asking = HTTP | OTHERS | {"resources.answers", "resources.valgrind"}
        assert skipped == ALWAYS[revision] | asking | {"static.layout"}
        library.unlink()
