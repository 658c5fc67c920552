"""The words of a report, by what the adversary is after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from confide.core.errors import DataError
from confide.report.goals.attribute import ATTRIBUTE
from confide.report.goals.counts import COUNTS
from confide.report.goals.crosstabs import CHANGED_RECORDS, COUNTED_RECORDS, PROVED_RECORDS
from confide.report.goals.frequencies import FREQUENCIES
from confide.report.goals.generator import GENERATED_SECRETS, GENERATOR
from confide.report.goals.goal import Goal, GoalName
from confide.report.goals.learner import LEARNER
from confide.report.goals.linkage import IMAGES, RECORDS
from confide.report.goals.membership import MEMBERSHIP
from confide.report.goals.rebuilding import FROM_WEIGHTS, REBUILT
from confide.report.goals.reconstruction import RECONSTRUCTION
from confide.report.goals.secrets import DESCRIBED, SECRETS
from confide.report.goals.synthetic import SYNTHETIC, SYNTHETIC_ALONE, SYNTHETIC_DESCRIBED, SYNTHETIC_SECRETS
from confide.report.goals.text import CANARIES_IN_TEXT, CONTINUATIONS
from confide.report.goals.training import TRAINING

__all__ = [
    "ATTRIBUTE",
    "CANARIES_IN_TEXT",
    "CONTINUATIONS",
    "COUNTED_RECORDS",
    "COUNTS",
    "DESCRIBED",
    "FREQUENCIES",
    "FROM_WEIGHTS",
    "GENERATED_SECRETS",
    "GENERATOR",
    "GOALS",
    "IMAGES",
    "LEARNER",
    "MEMBERSHIP",
    "PROVED_RECORDS",
    "REBUILT",
    "RECONSTRUCTION",
    "RECORDS",
    "SECRETS",
    "SYNTHETIC",
    "TRAINING",
    "Goal",
    "GoalName",
    "goal",
]

GOALS: Mapping[str, Goal] = {
    "membership": MEMBERSHIP,
    "membership of counts": COUNTS,
    "membership of frequencies": FREQUENCIES,
    "membership of canaries": TRAINING,
    "canaries in text": CANARIES_IN_TEXT,
    "membership of a learner": LEARNER,
    "membership of a synthetic file": SYNTHETIC,
    "membership behind synthetic records": GENERATOR,
    "secrets behind synthetic records": GENERATED_SECRETS,
    "membership without held-out people": SYNTHETIC_ALONE,
    "attribute": ATTRIBUTE,
    "secrets": SECRETS,
    "descriptions": DESCRIBED,
    "secrets behind a synthetic file": SYNTHETIC_SECRETS,
    "descriptions from a synthetic file": SYNTHETIC_DESCRIBED,
    "linkage": RECORDS,
    "linkage of images": IMAGES,
    "reconstruction": RECONSTRUCTION,
    "continuations": CONTINUATIONS,
    "reconstruction from answers that exist": replace(RECONSTRUCTION, bounds=False),
    "rebuilt records": REBUILT,
    "records from weights": FROM_WEIGHTS,
    "proved records": PROVED_RECORDS,
    "counted records": COUNTED_RECORDS,
    "changed records": CHANGED_RECORDS,
}
"""The words by the name that a section gives; three goals have a set more for other releases."""


def goal(name: str) -> Goal:
    """The words of a goal, in the language that is chosen.

    Raises:
        DataError: if there is no such goal.

    >>> goal("linkage").false_claim
    'absent people given a record'
    """
    if name not in GOALS:
        raise DataError(f"there is no goal {name!r}: choose one of {', '.join(GOALS)}.")
    return GOALS[name].translated
