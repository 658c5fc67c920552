"""Structural checks of JUnit and SARIF, written from their schemas, for files that the report writes.

JUnit: the schema that Jenkins publishes (junit-10), which other services follow. SARIF: the OASIS standard
2.1.0, and what GitHub's code scanning asks for beyond it.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as Xml

ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {
        "name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id",
        "package", "file", "log", "url", "version",
    },
    "testcase": {"name", "time", "classname", "group", "assertions", "status"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
    "system-out": set[str](),
}  # fmt: skip
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "system-out"},
    "testcase": {"failure", "error", "skipped"},
    "failure": set[str](),
    "error": set[str](),
    "skipped": set[str](),
    "system-out": set[str](),
}
NEEDED = {"testsuite": {"name", "tests"}, "testcase": {"name", "classname"}}


def junit(text: str) -> Xml.Element:
    """The root of a JUnit file that follows the schema, and whose numbers are right.

    Raises:
        AssertionError: with what is wrong.
    """
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    root = Xml.fromstring(text.encode("utf-8"))  # refuses what is no XML, controls among them
    assert root.tag == "testsuites"
    for part in root.iter():
        assert set(part.attrib) <= ATTRIBUTES[part.tag], (part.tag, part.attrib)
        assert set(part.attrib) >= NEEDED.get(part.tag, set()), (part.tag, part.attrib)
        assert {child.tag for child in part} <= CHILDREN[part.tag], part.tag
    for part in (root, *root.iter("testsuite")):
        for name, tag in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(part.get(name, len(list(part.iter(tag))))) == len(list(part.iter(tag))), name
    return root


LEVELS = {"none", "note", "warning", "error"}


def sarif(text: str) -> dict[str, Any]:
    """The run of a SARIF file that follows the standard, and that code scanning takes.

    Raises:
        AssertionError: with what is wrong.
    """
    log: dict[str, Any] = json.loads(text)
    assert set(log) == {"$schema", "version", "runs"} and log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert set(run) <= {"tool", "invocations", "results", "properties"} and "tool" in run
    driver = run["tool"]["driver"]
    assert set(driver) == {"name", "version", "rules"} and driver["name"] == "confide"
    names = [rule["id"] for rule in driver["rules"]]
    assert len(set(names)) == len(names)
    for rule in driver["rules"]:
        assert set(rule) == {"id", "shortDescription", "fullDescription", "help"}
        assert all(set(rule[key]) == {"text"} and rule[key]["text"] for key in rule if key != "id")
    for result in run["results"]:
        assert set(result) <= {
            "ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints", "properties",
        }  # fmt: skip
        assert names[result["ruleIndex"]] == result["ruleId"] and result["level"] in LEVELS
        assert set(result["message"]) == {"text"} and result["message"]["text"]
        (where,) = result["locations"]
        physical = where["physicalLocation"]
        assert set(where) == {"physicalLocation", "logicalLocations"}
        uri = physical["artifactLocation"]["uri"]
        assert uri and ":" not in uri and not uri.startswith("/")  # relative, and no place on a machine
        assert physical["region"]["startLine"] >= 1
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
        for notice in invocation["toolExecutionNotifications"]:
            assert notice["level"] in LEVELS and set(notice["message"]) == {"text"}
    return run
