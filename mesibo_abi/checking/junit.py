"""Reports as JUnit XML, which continuous integration reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as xml

from .results import CheckReport, CheckResult, Finding, Outcome

# XML 1.0 has no place for these.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(reports: Sequence[CheckReport]) -> bytes:
    """A suite for each module, a case for each check. A crash is an error; a warning is a case that
    passed and says so in its output."""
    root = xml.Element("testsuites", name="mesibo-abi check")
    for report in reports:
        root.append(_suite(report))
    xml.indent(root)
    text: bytes = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(report: CheckReport) -> xml.Element:
    suite = xml.Element(
        "testsuite",
        name=_text(str(report.path)),
        tests=str(len(report.results)),
        failures=str(len(report.of(Outcome.FAILED))),
        errors=str(len(report.of(Outcome.CRASHED))),
        skipped=str(len(report.of(Outcome.SKIPPED))),
        time=f"{sum(result.seconds for result in report):.3f}",
    )
    for result in report:
        suite.append(_case(report, result))
    return suite


def _case(report: CheckReport, result: CheckResult) -> xml.Element:
    area, _, name = result.check.partition(".")
    case = xml.Element(
        "testcase",
        classname=_text(f"{report.path.stem}.{area}"),
        name=name,
        time=f"{result.seconds:.3f}",
    )
    words = _text("\n".join([*map(in_full, result.findings), result.reproduce]))
    if result.outcome is Outcome.SKIPPED:
        xml.SubElement(case, "skipped", message=_text(result.reason or ""))
    elif result.outcome.is_bad:
        kind = "error" if result.outcome is Outcome.CRASHED else "failure"
        summary = _text("; ".join(finding.what for finding in result.findings))
        xml.SubElement(case, kind, message=summary, type=result.outcome).text = words
    elif result.outcome is Outcome.WARNING:
        xml.SubElement(case, "system-out").text = words
    if result.output:
        xml.SubElement(case, "system-err").text = _text("\n".join(result.output))
    return case


def in_full(finding: Finding) -> str:
    """All that a finding says, a line each."""
    where = [f"  at {finding.where}"] if finding.where is not None else []
    return "\n".join(
        [finding.what, *where, f"  {finding.evidence}", f"  hint: {finding.cure}"],
    )


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
