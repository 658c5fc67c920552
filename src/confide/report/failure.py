"""Failure: an audit that came to no result, in the files where its result was to stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from confide.core.errors import DataError
from confide.core.foreign import escaped
from confide.report.renders.junit import xml_text
from confide.report.renders.sarif import SCHEMA, VERSION, message
from confide.report.renders.unmarked import unmarked

FAILED = "failed.txt"
"""Beside an earlier report: the audit after it failed, so that the report is out of date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an audit came to no result.

    Args:
        sentence: what was wrong, for readers of the files.
        exit_code: of the command.
        date: when, in UTC.
        version: of confide.
    """

    sentence: str
    exit_code: int
    date: str
    version: str

    def text(self) -> str:
        """The content of failed.txt."""
        return (
            f"{self.sentence}\n{self.date}, exit code {self.exit_code}, confide {self.version}. "
            "The report in this folder is of an earlier audit.\n"
        )

    def junit(self) -> str:
        """A test case with an error."""
        counts = {"tests": "1", "failures": "0", "errors": "1"}
        root = Xml.Element("testsuites", {"name": "confide", **counts})
        suite = Xml.SubElement(root, "testsuite", {"name": "confide", **counts, "skipped": "0"})
        case = Xml.SubElement(suite, "testcase", classname="confide", name="audit")
        error = Xml.SubElement(case, "error", type=f"exit code {self.exit_code}")
        error.set("message", xml_text(self.sentence))
        Xml.indent(root)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'

    def sarif(self) -> str:
        """An invocation that was not successful, with the sentence as a notification."""
        told = {"level": "error", "message": {"text": message(self.sentence)}}
        invocation: dict[str, Any] = {
            "executionSuccessful": False,
            "exitCode": self.exit_code,
            "toolExecutionNotifications": [told],
        }
        driver = {"name": "confide", "version": self.version or "0", "rules": []}
        run = {"tool": {"driver": driver}, "invocations": [invocation], "results": []}
        made = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
        return json.dumps(made, indent=1, ensure_ascii=False) + "\n"

    def markdown(self) -> str:
        """A summary that says so."""
        return (
            f"### Privacy audit: failed\n\n❌ **Nothing was audited** (exit code {self.exit_code}).\n\n"
            f"{unmarked(self.sentence)}\n"
        )


RENDERS: Mapping[str, Callable[[Failure], str]] = {
    "junit": Failure.junit,
    "sarif": Failure.sarif,
    "markdown": Failure.markdown,
}


def refuse_outdated(report: Path) -> None:
    """Refuse a report.json that an audit which failed stands after.

    Raises:
        DataError: with what the audit failed with.
    """
    failed = report.parent / FAILED
    if report.name != "report.json" or not failed.is_file():
        return
    with failed.open(encoding="utf-8", errors="replace") as file:
        why = escaped(file.readline(500).strip(), keep=())
    raise DataError(
        f"{report} is out of date, for the audit after it failed ({why}): run the audit again, or remove "
        f"{failed} to read the earlier report."
    )
