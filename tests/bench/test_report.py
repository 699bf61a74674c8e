"""What is written of a report."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from mesibo_abi.bench.report import markdown, pages, picture, words
from mesibo_abi.bench.report.gaps import gaps
from mesibo_abi.bench.results import Comparison, Report, read, write
from mesibo_abi.errors import InputError
from tests.bench.reports import figure, report

ROOT = Path(__file__).parents[2]

ONE = """\
| path | compared | 3.11 | goal |  |
| --- | --- | ---: | ---: | --- |
| `on_message`, GIL held | time / C extension | 2.00 | at most 1.4 | not reached |
|  | time / ctypes | 0.016 | at most 0.03 | reached |
| a log line | time | 2.50 ns | at most 3 ns | reached |
| `mesibo-abi run` | a second | 500,000 | at least 1,000,000 | not reached |

nanobind is left out: nanobind is not installed; pip install 'mesibo_abi[bench]'

Left out, as Host has no process_batch: batch.
"""

TWO = """\
| path | compared | 3.11 | goal |  | 3.13 | goal |  |
| --- | --- | ---: | ---: | --- | ---: | ---: | --- |
| `on_message`, GIL held | time / C extension | 2.00 | at most 1.4 | not reached \
| 1.60 | at most 1.7 | reached |
|  | time / ctypes | 0.016 | at most 0.03 | reached | 0.013 | at most 0.03 | reached |
| a log line | time | 2.50 ns | at most 3 ns | reached | 2.50 ns | at most 3 ns | reached |
| `mesibo-abi run` | a second | 500,000 | at least 1,000,000 | not reached \
| 500,000 | at least 1,000,000 | not reached |
"""

FIGURES = """\
### `on_message`, GIL held

A message that is there already.

|  | 3.11 | quartiles |
| --- | ---: | ---: |
| mesibo_abi | 20.0 ns | \u00b12 % |
| C extension | 10.0 ns | \u00b12 % |
| ctypes | 1.23 \u00b5s | \u00b12 %, noisy |

### a log line

At a level that nobody wants.

|  | 3.11 | quartiles |
| --- | ---: | ---: |
| mesibo_abi | 2.50 ns | \u00b12 % |

### `mesibo-abi run`

From a file to a file.

|  | 3.11 | quartiles |
| --- | ---: | ---: |
| mesibo_abi | 2.00 \u00b5s | \u00b12 % |
"""

MACHINE = """\
|  | CPython 3.11.7 | CPython 3.13.0 |
| --- | --- | --- |
| processor | Some CPU, 2 cores | Some CPU, 2 cores |
| system | Linux x86_64 | Linux x86_64 |
| Python was compiled by | GCC 12.2.0 | GCC 12.2.0 |
| compilers | cc 12; c++ 12 | cc 12; c++ 12 |
| mesibo_abi | 0.1.0 | 0.1.0 |
"""


def test_what_was_reached() -> None:
    assert markdown.reaches([report()]) == ONE


def test_how_far_it_is_to_what_was_not_reached() -> None:
    assert gaps([report(), report("3.13.0", 0.8)]) == (
        "| path | compared | 3.11 | goal leaves | 3.13 | goal leaves |\n"
        "| --- | --- | ---: | ---: | ---: | ---: |\n"
        "| `on_message`, GIL held | time / C extension | 20.0 ns | 14.0 ns |  |  |\n"
        "| `mesibo-abi run` | a second | 2.00 \u00b5s | 1.00 \u00b5s "
        "| 2.00 \u00b5s | 1.00 \u00b5s |\n"
    )
    assert gaps([msgspec.structs.replace(report(), outcomes=())]) == "All goals were reached.\n"


@pytest.mark.parametrize(
    ("against", "kind", "value", "limit", "row"),
    [
        ("here", "ns more", 321.4, 1000, ("time more than here", "321 ns", "at most 1 \u00b5s")),
        (None, "ns", 2.15e6, 5e6, ("time", "2.15 ms", "at most 5 ms")),
        (None, "ns", 2.5, 3, ("time", "2.50 ns", "at most 3 ns")),
    ],
)
def test_times_have_units(
    against: str | None, kind: str, value: float, limit: float, row: tuple[str, str, str]
) -> None:
    found = Comparison("mesibo_abi", against, kind, value, limit, True)
    assert (words.subject(found), words.value(found), words.limit(found)) == row


def test_two_reports_stand_side_by_side() -> None:
    both = markdown.reaches([report(), report("3.13.0", 0.8)])
    assert both.startswith(TWO)
    assert both[len(TWO) :] == ONE[ONE.index("\nnanobind") :]


def test_the_times() -> None:
    assert markdown.figures([report()]) == FIGURES


def test_the_machines() -> None:
    assert markdown.machine([report(), report("3.13.0")]) == MACHINE


def test_a_page_has_all_of_it() -> None:
    page = markdown.page(report())
    assert page.startswith("# Benchmark of mesibo_abi, CPython 3.11.7\n\n" + ONE)
    assert FIGURES in page
    quick = msgspec.structs.replace(report(), quick=True)
    assert markdown.page(quick).startswith(
        "# Benchmark of mesibo_abi, CPython 3.11.7, quick: fewer samples\n"
    )


def test_a_python_without_goals_has_none() -> None:
    table = markdown.reaches([report("3.12.1")])
    assert "| `on_message`, GIL held | time / C extension | 2.00 |  |  |\n" in table


def test_a_path_that_only_one_run_has() -> None:
    short = report("3.13.0")
    short = msgspec.structs.replace(short, outcomes=short.outcomes[:1])
    both = markdown.reaches([report(), short])
    assert "| a log line | time | 2.50 ns | at most 3 ns | reached |  |  |  |\n" in both
    assert "| mesibo_abi | 2.00 \u00b5s | \u00b12 % |  |  |\n" in markdown.figures(
        [report(), short]
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.012"),
        (0.095, "0.10"),
        (0.55, "0.55"),
        (9.994, "9.99"),
        (10.04, "10.0"),
        (99.94, "99.9"),
        (100.4, "100"),
        (1234567.8, "1,234,568"),
        (-0.5, "-0.50"),
    ],
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert words.number(value) == text


def test_a_figure_of_nothing_has_no_quartiles() -> None:
    assert words.quartiles(figure("x", 0)) == ""


def test_reports_are_read_as_they_were_written(tmp_path: Path) -> None:
    write(report(), tmp_path / "r.json")
    assert read(tmp_path / "r.json") == report()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{}", "is no report of the benchmark"),
        (b"", "is no report of the benchmark"),
        (None, "is no report of the benchmark"),
        (msgspec.json.encode(msgspec.structs.replace(report(), format=2)), "of another format"),
    ],
)
def test_what_is_no_report(tmp_path: Path, text: bytes | None, words: str) -> None:
    path = tmp_path / "r.json"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(InputError, match=words) as caught:
        read(path)
    assert caught.value.hint == "make it anew with `mesibo-abi bench`"


# ---- Pages --------------------------------------------------------------------------------------

PAGE = """\
# A page

<!-- benchmark: reaches -->
old
<!-- end of benchmark: reaches -->

Words.

<!-- benchmark: machine -->
<!-- end of benchmark: machine -->
"""


def test_a_page_gets_its_tables(tmp_path: Path) -> None:
    for version in ("3.13.0", "3.11.7"):
        write(report(version), tmp_path / f"python{version[:4]}.json")
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    pages.main([str(tmp_path), str(page)])
    text = page.read_text()
    reports = [report("3.11.7"), report("3.13.0")]
    assert text == (
        f"# A page\n\n<!-- benchmark: reaches -->\n\n{markdown.reaches(reports)}\n"
        "<!-- end of benchmark: reaches -->\n\nWords.\n\n"
        f"<!-- benchmark: machine -->\n\n{MACHINE}\n<!-- end of benchmark: machine -->\n"
    )
    assert pages.rewrite(text, reports) == text
    assert (tmp_path / pages.PICTURE).exists() == (picture.absent() is None)


def test_a_folder_without_reports(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no report of the benchmark"):
        pages.reports_in(tmp_path)


@pytest.mark.parametrize("page", ["README.md", "docs/benchmark.md"])
def test_the_documents_show_what_was_measured(page: str) -> None:
    """If not: make bench-docs."""
    reports = pages.reports_in(ROOT / "docs" / "benchmark")
    assert [words.series(each.machine) for each in reports] == ["3.11", "3.13"]
    text = (ROOT / page).read_text()
    assert "<!-- benchmark: reaches -->" in text
    assert text == pages.rewrite(text, reports)


def test_the_documents_show_whole_runs() -> None:
    for each in pages.reports_in(ROOT / "docs" / "benchmark"):
        assert not each.quick
        assert each.missing == ()


# ---- The picture ---------------------------------------------------------------------------------


def test_a_picture_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "find_spec", lambda _: None)
    assert picture.absent() == (
        "there is no picture: matplotlib is not installed; pip install 'mesibo_abi[bench]'"
    )
    monkeypatch.setattr(picture, "find_spec", lambda name: name)
    assert picture.absent() is None


def test_a_report_without_its_paths_has_no_picture(tmp_path: Path) -> None:
    empty: Report = msgspec.structs.replace(report(), outcomes=())
    assert not picture.draw([empty], tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()


def test_the_picture_of_the_documents_names_all_peers() -> None:
    """Its text is text."""
    tree = ElementTree.parse(ROOT / "docs" / "benchmark" / pages.PICTURE)
    texts = {
        (element.text or "").strip() for element in tree.iter() if element.tag.endswith("text")
    }
    assert {"mesibo_abi", "C extension", "nanobind", "cffi API", "ctypes", "CPython 3.13"} <= texts
    assert not any(re.search(r"\d{4}-\d\d-\d\d", text) for text in texts)
