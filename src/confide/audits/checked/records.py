"""Pages of an audit by checks: what all of them hold, as their JSON has it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TypedDict

from confide.audits.checked.record import Attack, Check, Figures, Outcome, Question
from confide.core.estimate import Estimate
from confide.core.version import VERSION


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


class CheckedPage(TypedDict):
    """What every page of an audit by checks has; `believed` is what its answer rests on, or empty."""

    verdict: Outcome
    exit: int
    sentence: str
    believed: str
    checks: list[CheckRecord]
    limits: list[str]


def check_record(check: Check, question: Question, unclear: str) -> CheckRecord:
    """A check as a page holds it; `unclear` is what to do where it came to no answer."""
    advice = {"passed": "", "failed": question.advice, "unclear": unclear}
    return {
        "name": check.name,
        "question": question.asked,
        "outcome": check.outcome,
        "found": check.found,
        "advice": advice[check.outcome],
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


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Of those packages that are installed."""
    found: Mapping[str, str | None] = {name: _version(name) for name in packages}
    return {name: told for name, told in found.items() if told is not None}


def _version(name: str) -> str | None:
    if name == "confide":
        return VERSION
    try:
        return version(name)
    except PackageNotFoundError:
        return None
