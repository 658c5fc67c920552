"""The page of an audited computation: every word and number, as computation.json holds them."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Literal, TypedDict

from confide.audits.checked.outcome import CheckedAudit
from confide.audits.checked.record import Outcome, Question
from confide.audits.checked.records import CheckedPage, check_record, versions
from confide.audits.computations.auditor import Found
from confide.audits.computations.questions import BELIEVED, OF_RESULT, QUESTIONS, RESULT, UNCLEAR
from confide.audits.computations.recorded import Kind
from confide.audits.computations.settings import ANALYST, ComputationSettings

STEM = "computation"
PACKAGES = ("confide", "mpyc", "numpy", "openmined-psi", "tenseal")
LIMITS = (
    "A pass says what was tried on one recorded run, and proves no protocol. That ciphertexts and blinded "
    "points hide what they hold is an assumption of cryptography, which no game tests.",
    "The adversary follows the protocol. A party that does not, or more of them than the plan allows, "
    "reads more.",
    "Machines, keys on disk and what a party does with its own records are not looked at.",
)
"""What no outcome says."""


class MadeRecord(TypedDict):
    """Where the page comes from."""

    date: str
    python: str
    packages: dict[str, str]
    command: str


class ComputationPage(CheckedPage):
    """Every word and number of the audit of a recorded computation."""

    schema: Literal["confide.computation/1"]
    computation: str
    kind: Kind
    parties: list[str]
    looking: list[str]
    records: list[str]
    inputs: Outcome
    result: Outcome
    result_accepted: bool
    made: MadeRecord


def outcome_of(found: Found, settings: ComputationSettings, *, command: str = "") -> CheckedAudit:
    """The audit of these checks, with its page.

    Args:
        found: all checks.
        settings: what they were asked for with.
        command: what makes it again; empty in Python.
    """
    page = _page(found, settings, command=command)
    made, run = page["made"], found.run
    packages = ", ".join(f"{name} {told}" for name, told in made["packages"].items())
    told = (
        f"Records of {', '.join(run.kept)}, of {len(run.parties)} parties.",
        f"{made['date']}, Python {made['python']}; {packages}.",
        *[f"Again: {command}"] * bool(command),
    )
    title = f"Audit of a computation: {page['computation']}"
    return CheckedAudit(found, page, STEM, title, told, settings.share)


def _page(found: Found, settings: ComputationSettings, *, command: str) -> ComputationPage:
    run = found.run
    return {
        "schema": "confide.computation/1",
        "computation": settings.name or run.kind,
        "kind": run.kind,
        "parties": list(run.parties),
        "looking": list(run.looking),
        "records": list(run.kept),
        "verdict": found.outcome,
        "inputs": found.of_inputs,
        "result": found.of_result,
        "result_accepted": settings.accept_result,
        "exit": _exit(found, settings),
        "sentence": sentence(found, settings),
        "believed": BELIEVED[run.kind],
        "checks": [check_record(check, asked(found, check.name), UNCLEAR) for check in found.checks],
        "limits": list(LIMITS),
        "made": {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "packages": versions(PACKAGES),
            "command": command,
        },
    }


def sentence(found: Found, settings: ComputationSettings) -> str:
    """The verdict: first what goes in, then what comes out."""
    who = " and ".join(found.run.looking) or f"an {ANALYST}"
    first = {
        "failed": f"{who} could read what others put in.",
        "unclear": f"It is not settled what {who} could read of the others' inputs.",
        "passed": f"No attack that was tried read what others put in, through the eyes of {who}.",
    }[found.of_inputs]
    if len(found.checks) == 1:
        first = f"Through the eyes of {who} there is the result alone."
    accepted = " You accepted that." if settings.accept_result and found.of_result == "failed" else ""
    second = {
        "failed": "The result itself says something of people.",
        "unclear": "What the result says of people was not settled.",
        "passed": "The result keeps people hidden, by its promise.",
    }[found.of_result]
    return f"{first} {second}{accepted}"


def asked(found: Found, name: str) -> Question:
    """The question of a check, with what to do in this computation."""
    question = QUESTIONS[name]
    if name == RESULT:
        return Question(question.asked, OF_RESULT[found.run.kind])
    beyond = any(check.name == "threshold" and check.outcome == "failed" for check in found.checks)
    if name == "inputs" and beyond:  # nothing is broken: the plan lets that many
        return Question(question.asked, QUESTIONS["threshold"].advice)
    return question


def _exit(found: Found, settings: ComputationSettings) -> int:
    bad = {"failed"} if settings.allow_unclear else {"failed", "unclear"}
    of_result = found.of_result in bad and not (settings.accept_result and found.of_result == "failed")
    of_inputs = found.of_inputs in bad and len(found.checks) > 1
    return int(of_inputs or of_result)
