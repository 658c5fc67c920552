"""JUnit: the verdict on each limit as a test case, in the XML that continuous integration reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from confide.core.language import t
from confide.report.page_types import LimitRecord, Page, SectionRecord
from confide.report.renders.outcomes import outcome, rows_of, unexplained

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 may hold, not even escaped (https://www.w3.org/TR/xml/#charsets)."""


def to_junit(page: Page) -> str:
    """A test suite for each release, a test case for each limit and for each attack that did not run.

    A limit that is exceeded or not settled is a failure, unless the audit as a whole passes: then it is
    skipped, with the reason. So there is a failure if and only if the exit code is 1. An attack that did not
    run is skipped; so are limits where none was set, because nothing was judged.
    """
    root = Xml.Element("testsuites", name="confide")
    for s in page["sections"]:
        _suite(root, page, s)
    if unexplained(page):
        suite = Xml.SubElement(root, "testsuite", name="confide")
        failure = Xml.SubElement(_case(suite, page["release"], "verdict"), "failure", type=page["verdict"])
        failure.set("message", xml_text(page["verdict_sentence"]))
    _count(root)
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _suite(root: Xml.Element, page: Page, s: SectionRecord) -> None:
    release, rows = s["release"], rows_of(page, s["release"])
    mine = [f for f in page["findings"] if f["release"] == release]
    seconds = sum(f["seconds"] for f in mine)
    suite = Xml.SubElement(root, "testsuite", name=xml_text(release), time=f"{seconds:.3f}")
    for row in rows:
        _judged(_case(suite, release, row["limit"]), row, page)
    if not rows:
        message = t("no limit was set, so nothing was judged")
        Xml.SubElement(_case(suite, release, "limits"), "skipped", message=xml_text(message))
    for skip in page["skipped"]:
        if skip["release"] == release:
            case = _case(suite, release, f"attack {skip['attack']}")
            Xml.SubElement(case, "skipped", message=xml_text(skip["why"]))
    Xml.SubElement(suite, "system-out").text = xml_text("\n".join(_said(s)))


def _judged(case: Xml.Element, row: LimitRecord, page: Page) -> None:
    how = outcome(row, page)
    if how == "failed":
        failure = Xml.SubElement(case, "failure", type=row["verdict"], message=xml_text(row["words"]))
        failure.text = xml_text(row["reason"])
    elif how == "aside":
        Xml.SubElement(case, "skipped", message=xml_text(row["words"]))


def _said(s: SectionRecord) -> Sequence[str]:
    return [s["headline"], *s["support"], *s["warnings"]]


def _case(suite: Xml.Element, release: str, name: str) -> Xml.Element:
    # The name stays the same from run to run, so that a service shows its history.
    return Xml.SubElement(suite, "testcase", classname=xml_text(release), name=xml_text(name))


def _count(root: Xml.Element) -> None:
    """Write into each suite, and above all, how many cases there are."""
    for part in (root, *root.findall("testsuite")):
        for name, path in (("tests", ".//testcase"), ("failures", ".//failure")):
            part.set(name, str(len(part.findall(path))))
        part.set("errors", "0")
        if part is not root:
            part.set("skipped", str(len(part.findall(".//skipped"))))


def xml_text(text: str) -> str:
    """A text without what no XML may hold."""
    return NOT_XML.sub("\ufffd", text)
