"""SARIF 2.1.0: what is not within the limits as results, for code scanning (OASIS standard, 2020)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from confide.core.language import t
from confide.report.page_types import LimitRecord, Page
from confide.report.renders.outcomes import outcome, unexplained

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
WHERE = "report.json"
"""Services want a file for each result: the report itself."""

RULES: Mapping[str, str] = {
    "tpr": "The share of those in the data who are found, at a stated share of others wrongly claimed.",
    "auc": "How often the attack tells one in the data from one outside it.",
    "advantage": "How much more often claims are right than wrong.",
    "balanced_accuracy": "How often the attack is right, asked about as many in the data as outside it.",
    "epsilon": "The privacy loss that is shown, in nats.",
    "proved": "The share of people whose record follows from the release for certain.",
    "utility": "Whether the release is of more use than its columns shuffled.",
    "the promise": "The promise under which the release was made.",
    "verdict": "The verdict on the audit as a whole.",
}
"""What is held against a limit -> what it is. In English: names of rules are for programs."""
HELP = "Read report.html: it says what was tried, how sure the numbers are, and what to do next."


def to_sarif(page: Page) -> str:
    """A result for each limit that is exceeded or not settled, and a note for each attack that did not run.

    A result is an error if it fails the audit, else a warning. What is within its limit is no result, because
    services show every result as something to be done.
    """
    rows = [row for row in page["limits"] if outcome(row, page) != "passed"]
    names = list(dict.fromkeys(_rule(row) for row in rows))
    if unexplained(page):
        names.append("verdict")
    results = [_result(row, names, page) for row in rows]
    if unexplained(page):
        results.append(_unexplained(page, names))
    driver = {"name": "confide", "version": page["version"] or "0", "rules": [_described(n) for n in names]}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _skipped(page)}],
        "results": results,
        "properties": {"release": page["release"], "audience": page["audience"], "verdict": page["verdict"]},
    }
    made = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    return json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rule(row: LimitRecord) -> str:
    name = row["limit"].partition("=")[0].partition("@")[0]
    return name if name in RULES else "verdict"


def _described(name: str) -> dict[str, Any]:
    said = {"text": RULES[name]}
    # Code scanning refuses rules that lack one of these.
    return {"id": _id(name), "shortDescription": said, "fullDescription": said, "help": {"text": HELP}}


def _id(name: str) -> str:
    return f"confide/{name.replace(' ', '-')}"


def _result(row: LimitRecord, names: list[str], page: Page) -> dict[str, Any]:
    said = f"{row['release']}: {row['words']}"
    level = "error" if outcome(row, page) == "failed" else "warning"
    found = _one(_rule(row), names, said=said, level=level, release=row["release"], limit=row["limit"])
    return {
        **found,
        "properties": {"ruling": row["verdict"], "attack": row["attack"], "reason": row["reason"]},
    }


def _unexplained(page: Page, names: list[str]) -> dict[str, Any]:
    said = page["verdict_sentence"]
    return _one("verdict", names, said=said, level="error", release=page["release"], limit="verdict")


def _one(rule: str, names: list[str], *, said: str, level: str, release: str, limit: str) -> dict[str, Any]:
    # By release and limit alone, so that a service knows the same result in the next run.
    same = sha256("\0".join((release, limit)).encode("utf-8", "replace")).hexdigest()
    return {
        "ruleId": _id(rule),
        "ruleIndex": names.index(rule),
        "level": level,
        "message": {"text": message(said)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": WHERE}, "region": {"startLine": 1}},
                "logicalLocations": [{"name": release, "kind": "release"}],
            }
        ],
        "partialFingerprints": {"releaseAndLimit/v1": same},
    }


def _skipped(page: Page) -> list[dict[str, Any]]:
    return [
        {
            "level": "note",
            "message": {
                "text": message(
                    t(
                        "{release}: {attack} did not run: {why}",
                        release=skip["release"],
                        attack=skip["attack"],
                        why=skip["why"],
                    )
                )
            },
        }
        for skip in page["skipped"]
    ]


def message(text: str) -> str:
    """A text in which nothing is a placeholder or a link (SARIF 2.1.0, sections 3.11.5 and 3.11.6).

    >>> message("{0} [here](https://x)")
    '{{0}} [here] (https://x)'
    """
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")
