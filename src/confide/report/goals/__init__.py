"""The words of a report, by what the adversary is after."""

from __future__ import annotations

from collections.abc import Mapping

from confide.core.errors import DataError
from confide.report.goals.attribute import ATTRIBUTE
from confide.report.goals.counts import COUNTS
from confide.report.goals.goal import Goal, GoalName
from confide.report.goals.linkage import IMAGES, RECORDS
from confide.report.goals.membership import MEMBERSHIP
from confide.report.goals.secrets import DESCRIBED, SECRETS

__all__ = [
    "ATTRIBUTE",
    "COUNTS",
    "DESCRIBED",
    "GOALS",
    "IMAGES",
    "MEMBERSHIP",
    "RECORDS",
    "SECRETS",
    "Goal",
    "GoalName",
    "goal",
]

GOALS: Mapping[str, Goal] = {
    "membership": MEMBERSHIP,
    "membership of counts": COUNTS,
    "attribute": ATTRIBUTE,
    "secrets": SECRETS,
    "descriptions": DESCRIBED,
    "linkage": RECORDS,
    "linkage of images": IMAGES,
}
"""The words by the name that a section gives; three goals have a set more for other releases."""


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
