"""The page of an audited protocol: every word and number, as protocol.json holds them."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, TypedDict

from confide.audits.protocols.masking import NAMES
from confide.audits.protocols.record import Attack, Check, Figures, Found, Outcome
from confide.audits.protocols.settings import ProtocolSettings
from confide.core.estimate import Estimate
from confide.core.version import VERSION

PACKAGES = ("confide", "cryptography", "flwr", "numpy")
LIMITS = (
    "A pass says what was tried, with the error rate beside it, and proves no protocol.",
    "The sum itself is shown to the server, and tells of the people behind it: the audit asks whether one "
    "client's update is hidden, not whether the sum is safe. Noise under a promise protects that.",
    "What is run is the protocol's functions by its adapter: how a product stores keys, names its clients "
    "and sends messages is not looked at.",
)
"""What no outcome says."""


class FigureRecord(TypedDict):
    """A number, with its interval at 95 % where it has one; null where it is not finite."""

    value: float | None
    low: float | None
    high: float | None


class AttackRecord(TypedDict):
    """An attack that was played because a check failed."""

    story: str
    succeeded: bool
    figures: dict[str, FigureRecord]


class CheckRecord(TypedDict):
    """The answer to one question; `advice` is empty where it passed."""

    name: str
    question: str
    outcome: Outcome
    found: str
    advice: str
    figures: dict[str, FigureRecord]
    attacks: list[AttackRecord]


class MadeRecord(TypedDict):
    """Where the page comes from."""

    date: str
    python: str
    packages: dict[str, str]
    command: str
    seed: int
    draws: int
    tries: int


class ProtocolPage(TypedDict):
    """Every word and number of the audit of a masking protocol."""

    schema: Literal["confide.protocol/1"]
    protocol: str
    verdict: Outcome
    exit: int
    sentence: str
    clients: int
    threshold: int
    checks: list[CheckRecord]
    limits: list[str]
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
        "clients": len(NAMES),
        "threshold": found.threshold,
        "checks": [_check(check) for check in found.checks],
        "limits": list(LIMITS),
        "made": {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "packages": _versions(),
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


def _check(check: Check) -> CheckRecord:
    return {
        "name": check.name,
        "question": check.question,
        "outcome": check.outcome,
        "found": check.found,
        "advice": check.advice,
        "figures": _figures(check.figures),
        "attacks": [_attack(attack) for attack in check.attacks],
    }


def _attack(attack: Attack) -> AttackRecord:
    return {
        "story": attack.story,
        "succeeded": attack.succeeded,
        "figures": _figures(attack.figures),
    }


def _figures(figures: Figures) -> dict[str, FigureRecord]:
    return {name: _figure(value) for name, value in figures.items()}


def _figure(value: float | Estimate) -> FigureRecord:
    if isinstance(value, Estimate):
        return {"value": _finite(value.value), "low": _finite(value.low), "high": _finite(value.high)}
    return {"value": _finite(value), "low": None, "high": None}


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return float(value) if math.isfinite(value) else None


def _versions() -> dict[str, str]:
    """Of the packages that are installed."""
    found: Mapping[str, str | None] = {name: _version(name) for name in PACKAGES}
    return {name: told for name, told in found.items() if told is not None}


def _version(name: str) -> str | None:
    if name == "confide":
        return VERSION
    try:
        return version(name)
    except PackageNotFoundError:
        return None
