"""What the adversary is after: the words of a report for each goal."""

from __future__ import annotations

from collections.abc import Mapping

from confide.core.errors import DataError
from confide.report.goals.attribute import ATTRIBUTE
from confide.report.goals.goal import Goal, WorstOff
from confide.report.goals.linkage import LINKAGE
from confide.report.goals.membership import MEMBERSHIP
from confide.report.goals.recognition import RECOGNITION

__all__ = ["ATTRIBUTE", "GOALS", "LINKAGE", "MEMBERSHIP", "RECOGNITION", "Goal", "WorstOff", "goal"]

GOALS: Mapping[str, Goal] = {g.name: g for g in (MEMBERSHIP, LINKAGE, ATTRIBUTE, RECOGNITION)}


def goal(name: str) -> Goal:
    """The words of a goal.

    Raises:
        DataError: if there is no such goal.

    >>> goal("linkage").false_claim
    'absent people given a record'
    """
    if name not in GOALS:
        raise DataError(f"there is no goal {name!r}: choose one of {', '.join(GOALS)}.")
    return GOALS[name]
