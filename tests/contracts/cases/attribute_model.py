"""Cases: attacks that infer one feature of a record from a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByHits, Lacks, Sitting, of_permuted_rows, rng

from confide.attacks.attribute.model import AttributeInversion, Imputation
from confide.core.access import BlackBox
from confide.core.nouns import Release
from confide.games.attribute.models import ModelInference
from confide.knowledge.inferring import InferringKnowledge
from confide.mechanisms.anchors.models import Everything, Nothing
from confide.views.records import Records

VALUES, CLASSES = 5, 3


@cache
def people(seed: int, *, tied: bool = False) -> Records:
    """Four numbers and a secret, uniform and tied to nothing, or mostly to the first number."""
    draw = rng(seed)
    x = draw.standard_normal((300, 5)).astype(np.float32)
    x[:, 4] = draw.integers(VALUES, size=len(x))
    if tied:
        x[:, 0] = x[:, 4] + 0.1 * x[:, 0]
    return Records(x, draw.integers(CLASSES, size=len(x)))


@dataclass(frozen=True)
class Unseen:
    """A release of nothing: the adversary under test does not look at it."""

    budget: Any = None

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[BlackBox]:
        return Release(Nothing(classes=CLASSES)(data, rng=rng).view, None, "Unseen")


def game(mechanism: Any, *, tied: bool = False, population: bool = True) -> ModelInference:
    others = people(2, tied=tied) if population else None
    known = InferringKnowledge(4, tuple(float(v) for v in range(VALUES)), others)
    return ModelInference(mechanism=mechanism, records=people(1, tied=tied), known=known)


def case(attack: Any, naked: Any, reaches: float) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, Nothing(classes=CLASSES)), 2),
        naked=Sitting(naked, 2),
        reaches=reaches,
        null=of_permuted_rows(naked, 2),
        small=Sitting(partial(game, Nothing(classes=CLASSES)), 2),
        judge=ByHits(among=VALUES),
        lacks=(Lacks(partial(game, Unseen(), population=False), "needs a population"),),
    )


CASES = (
    case(AttributeInversion(), partial(game, Everything(classes=CLASSES)), 0.9),
    # It sees no model: what it can find is what goes with the secret in everybody.
    case(Imputation(), partial(game, Unseen(), tied=True), 0.9),
)
