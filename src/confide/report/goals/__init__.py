"""The words of a report, by what the adversary is after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from confide.core.errors import DataError
from confide.core.language import later, t
from confide.report.goals.attribute import ATTRIBUTE
from confide.report.goals.collaboration import COLLABORATION
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
from confide.report.goals.updates import FROM_UPDATES, LABELS, PROPERTY

__all__ = [
    "ATTRIBUTE",
    "CANARIES_IN_TEXT",
    "COLLABORATION",
    "CONTINUATIONS",
    "COUNTED_RECORDS",
    "COUNTS",
    "DESCRIBED",
    "FREQUENCIES",
    "FROM_UPDATES",
    "FROM_WEIGHTS",
    "GENERATED_SECRETS",
    "GENERATOR",
    "GOALS",
    "IMAGES",
    "LABELS",
    "LEARNER",
    "MEMBERSHIP",
    "PROPERTY",
    "PROVED_RECORDS",
    "REBUILT",
    "RECONSTRUCTION",
    "RECORDS",
    "SECRETS",
    "SYNTHETIC",
    "TRAINING",
    "Goal",
    "GoalName",
    "aside",
    "goal",
    "without_goal",
]

GOALS: Mapping[str, Goal] = {
    later("membership", of="goal"): MEMBERSHIP,
    later("membership of counts", of="goal"): COUNTS,
    later("membership of frequencies", of="goal"): FREQUENCIES,
    later("membership of canaries", of="goal"): TRAINING,
    later("membership in a collaboration", of="goal"): COLLABORATION,
    later("canaries in text", of="goal"): CANARIES_IN_TEXT,
    later("membership of a learner", of="goal"): LEARNER,
    later("membership of a synthetic file", of="goal"): SYNTHETIC,
    later("membership behind synthetic records", of="goal"): GENERATOR,
    later("secrets behind synthetic records", of="goal"): GENERATED_SECRETS,
    later("membership without held-out people", of="goal"): SYNTHETIC_ALONE,
    later("attribute", of="goal"): ATTRIBUTE,
    later("secrets", of="goal"): SECRETS,
    later("descriptions", of="goal"): DESCRIBED,
    later("secrets behind a synthetic file", of="goal"): SYNTHETIC_SECRETS,
    later("descriptions from a synthetic file", of="goal"): SYNTHETIC_DESCRIBED,
    later("linkage", of="goal"): RECORDS,
    later("linkage of images", of="goal"): IMAGES,
    later("reconstruction", of="goal"): RECONSTRUCTION,
    later("continuations", of="goal"): CONTINUATIONS,
    later("reconstruction from answers that exist", of="goal"): replace(RECONSTRUCTION, bounds=False),
    later("rebuilt records", of="goal"): REBUILT,
    later("records from weights", of="goal"): FROM_WEIGHTS,
    later("records from updates", of="goal"): FROM_UPDATES,
    later("labels from updates", of="goal"): LABELS,
    later("property from updates", of="goal"): PROPERTY,
    later("proved records", of="goal"): PROVED_RECORDS,
    later("counted records", of="goal"): COUNTED_RECORDS,
    later("changed records", of="goal"): CHANGED_RECORDS,
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


def aside(release: str, name: str) -> str:
    """What the section on a further goal of a release is called.

    >>> aside("people.csv", "linkage")
    'people.csv, linkage'
    """
    return f"{release}, {t(name, of='goal')}"


def without_goal(section: str, name: str) -> str:
    """The release that a section is about: sections of further goals are about the same ones.

    >>> without_goal("people.csv, linkage", "linkage"), without_goal("people.csv", "linkage")
    ('people.csv', 'people.csv')
    """
    return section.removesuffix(aside("", name))
