"""Every command and every piece of code in the documents does what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.blocks import Block, read_blocks
from tests.docs.running import Runner, environment
from tests.tools import needs

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
QUICK_START = "Quick start"  # makes a virtual environment: test_quick_start.py tries its parts


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """In a folder that has what a checkout has there: the examples, unbuilt."""
    folder = tmp_path / "checkout"
    built = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=built)
    monkeypatch.chdir(folder)
    return Runner(folder, environment(tmp_path / "bin"))


@needs("bash", "cc", "c++", "make")
@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_runs(document: Path, runner: Runner) -> None:
    runner.run_all([block for block in read_blocks(document) if block.section != QUICK_START])


def test_finds_the_documents() -> None:
    names = {relative(path) for path in DOCUMENTS}
    assert {"README.md", "docs/guide.md", "docs/architecture.md", "docs/reference.md"} <= names


def prose(path: Path) -> str:
    """Without what stands in fences."""
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """What `#...` may name: each heading in lower case, words joined by hyphens."""
    headings = re.findall(r"^#+ (.*)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CHANGELOG.md"], ids=relative)
def test_links_lead_somewhere(document: Path) -> None:
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", prose(document)):
        target = document.parent / file if file else document
        assert target.exists(), f"{document.name} links to {file}"
        assert not anchor or anchor in anchors(target), f"{document.name} links to #{anchor}"


def block(text: str, language: str = "sh") -> Block:
    return Block(Path("x.md"), 1, language, text, "", "")


@needs("bash")
def test_a_command_that_fails_is_found(runner: Runner) -> None:
    with pytest.raises(AssertionError, match=r"x\.md:1: exit status 1"):
        runner.run_all([block("false\ntrue\n")])


@needs("bash")
def test_output_that_differs_is_found(runner: Runner) -> None:
    runner.run_all([block("echo is 12 long\n"), block("is ... long\n", "text")])
    with pytest.raises(AssertionError, match=r"x\.md:1 prints\nis 12"):
        runner.run_all([block("echo is 12\n"), block("is 13\n", "text")])


def test_python_that_fails_is_found(runner: Runner) -> None:
    runner.run_all([block("a = 1\n", "python"), block("assert a == 1\n", "python")])
    with pytest.raises(NameError):
        runner.run_all([block("print(b)\n", "python")])


@needs("cc", "c++")
@pytest.mark.parametrize("language", ["c", "cpp"])
def test_code_that_warns_is_found(runner: Runner, language: str) -> None:
    runner.run_all([block("int one(void);\nint one(void) { return 1; }\n", language)])
    with pytest.raises(AssertionError, match=r"x\.md:1 does not compile"):
        runner.run_all([block("int one(void) { int unused; return 1; }\n", language)])


def test_a_language_that_nobody_runs_is_found(runner: Runner) -> None:
    with pytest.raises(AssertionError, match="nobody runs 'ruby'"):
        runner.run_all([block("puts 1\n", "ruby")])


def test_a_block_that_names_its_file_is_saved(runner: Runner) -> None:
    runner.run_all([block("# hello.py\nraise SystemExit\n", "python")])
    assert (runner.folder / "hello.py").read_text() == "# hello.py\nraise SystemExit\n"


def test_text_is_output_only_right_behind_a_block(tmp_path: Path) -> None:
    page = tmp_path / "x.md"
    runner = Runner(tmp_path, environment(tmp_path / "bin"))
    for words, compared in (("", True), ("It prints:", True), ("A picture:", False)):
        page.write_text(f"# A\n\n```sh\necho 1\n```\n\n{words}\n\n```text\n2\n```\n")
        blocks = read_blocks(page)
        assert [b.section for b in blocks] == ["A", "A"]
        if compared:
            with pytest.raises(AssertionError):
                runner.run_all(blocks)
        else:
            runner.run_all(blocks)
