"""The page of an audited protocol: every word and number, as protocol.json holds them."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Literal, TypedDict

from confide.audits.checked.records import CheckedPage, check_record, versions
from confide.audits.protocols.found import Found
from confide.audits.protocols.masking import NAMES
from confide.audits.protocols.questions import QUESTIONS, UNCLEAR
from confide.audits.protocols.settings import ProtocolSettings

PACKAGES = ("confide", "cryptography", "flwr", "numpy")
LIMITS = (
    "A pass says what was tried, with the error rate beside it, and proves no protocol.",
    "The sum itself is shown to the server, and tells of the people behind it: the audit asks whether one "
    "client's update is hidden, not whether the sum is safe. Noise under a promise protects that.",
    "What is run is the protocol's functions by its adapter: how a product stores keys, names its clients "
    "and sends messages is not looked at.",
)
"""What no outcome says."""


class MadeRecord(TypedDict):
    """Where the page comes from."""

    date: str
    python: str
    packages: dict[str, str]
    command: str
    seed: int
    draws: int
    tries: int


class ProtocolPage(CheckedPage):
    """Every word and number of the audit of a masking protocol."""

    schema: Literal["confide.protocol/1"]
    protocol: str
    clients: int
    threshold: int
    made: MadeRecord


def page_of(found: Found, settings: ProtocolSettings, *, command: str) -> ProtocolPage:
    """The page of an audit.

    Args:
        found: all checks.
        settings: what they were asked for with.
        command: what makes it again; empty in Python.
    """
    outcome = found.outcome
    return {
        "schema": "confide.protocol/1",
        "protocol": found.protocol if settings.name is None else settings.name,
        "verdict": outcome,
        "exit": int(outcome == "failed" or (outcome == "unclear" and not settings.allow_unclear)),
        "sentence": sentence(found, settings.name or found.protocol),
        "believed": "",
        "clients": len(NAMES),
        "threshold": found.threshold,
        "checks": [check_record(check, QUESTIONS[check.name], UNCLEAR) for check in found.checks],
        "limits": list(LIMITS),
        "made": {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "packages": versions(PACKAGES),
            "command": command,
            "seed": settings.seed,
            "draws": settings.draws,
            "tries": settings.tries,
        },
    }


def sentence(found: Found, name: str) -> str:
    """The verdict in one sentence, with the names of the checks that were not passed."""
    count = len(found.checks)
    bad, open_ = found.failed, found.named("unclear")
    left = f"; {len(open_)} came to no answer ({', '.join(open_)})" if open_ else ""
    if bad:
        words = f"{name} does not hide what clients send: {len(bad)} of {count} checks failed"
        return f"{words} ({', '.join(bad)}){left}."
    if open_:
        words = f"Nothing can be said of {name}: of {count} checks {len(open_)} came to no answer"
        return f"{words} ({', '.join(open_)})."
    return f"{name} passed all {count} checks: no attack that was tried read what a client sent."
