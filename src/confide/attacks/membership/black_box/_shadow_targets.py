"""Shadow targets: references that play the target, to tune an attack without the target's secret.

The adversary trained its references and knows their members. It attacks one reference with the help of the
others, as it will attack the release, and keeps the settings that did best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from confide.core.access import BlackBox, Task
from confide.core.arrays import Array, Batch, Bools, Floats, Rng
from confide.core.nouns import Attack, Case
from confide.knowledge.models import Background, References
from confide.measure.roc import auc
from confide.views.records import Records

# Shadow targets, and helpers of each. Every trial takes as long as the attack itself, so there are few.
MOST, HELPERS = 3, 6
A = TypeVar("A", bound=Attack[BlackBox, Background, Records])


@dataclass(frozen=True, slots=True, eq=False)
class ShadowTarget:
    """Reference number `number` as a view; its answers are known already."""

    references: References
    number: int
    task: Task

    def predict(self, x: Batch) -> Floats:
        # The attack asks about the same arrays, so identity finds the kept answers without comparing data.
        for answers in (self.references.on_targets, self.references.on_population):
            if answers is not None and x is answers.records.x:
                return answers.outputs(self.number)
        return self.references.on_targets.models[self.number].predict(x)

    def labels(self, x: Batch) -> Array:
        return self.references.on_targets.models[self.number].labels(x)


def shadow_targets(
    case: Case[BlackBox, Background, Records],
) -> list[tuple[Case[BlackBox, Background, Records], Bools]]:
    """A few cases whose secret is known: the case against a reference, and its members, bool[n].

    The helpers are at most six other references. None of them was trained on the same half or on the opposite
    one: its answers would give the secret away.
    """
    references = case.known.references
    if references is None:
        return []
    trained = references.included
    if references.population_included is not None:
        # Two models on equal halves of the targets may still differ in the population.
        trained = np.hstack([trained, references.population_included])
    found: list[tuple[Case[BlackBox, Background, Records], Bools]] = []
    # Evenly spread over the list, where pairs of opposite halves are neighbours.
    for j in range(0, len(references), max(len(references) // MOST, 1)):
        # Neither a copy of this reference's half nor its complement.
        apart = (trained != trained[j]).any(axis=1) & (trained == trained[j]).any(axis=1)
        helpers = np.flatnonzero(apart)[:HELPERS]
        member = references.included[j]
        if len(helpers) >= 2 and member.any() and not member.all() and len(found) < MOST:
            view = ShadowTarget(references, references.which[j], case.view.task)
            known = replace(case.known, references=_only(references, helpers))
            found.append((Case(view, known, case.targets), member))
    return found


def best_on_shadow_targets(
    attacks: Sequence[A], case: Case[BlackBox, Background, Records], *, rng: Rng
) -> A | None:
    """The attack with the highest mean AUC on the shadow targets; None if there are none."""
    trials = shadow_targets(case)
    if not trials:
        return None
    means = [
        np.mean([known_auc(attack(trial, rng=child).score, member) for trial, member in trials])
        for attack, child in zip(attacks, rng.spawn(len(attacks)), strict=True)
    ]
    # An attack without any AUC counts 0 and is not chosen.
    return attacks[int(np.argmax(np.nan_to_num(means)))]


def known_auc(score: Floats, member: Bools) -> float:
    """The AUC of a score where membership is known; targets without a score are left out.

    NaN if either side is empty.

    >>> known_auc(np.array([1.0, 2.0, 2.0, 3.0, np.nan]), np.array([False, False, True, True, True]))
    0.875
    """
    scored = ~np.isnan(score)
    return auc(score[scored & member], score[scored & ~member]).value


def _only(references: References, rows: Array) -> References:
    population_included = references.population_included
    return replace(
        references,
        included=references.included[rows],
        which=tuple(references.which[row] for row in rows),
        population_included=None if population_included is None else population_included[rows],
    )
