"""Cases: attacks that infer a property of a batch from its update, and their blind baseline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng
from tests.contracts.cases.reconstruction_updates import CLASSES, Elsewhere

from confide.attacks.attribute.updates import LabelCounts, PropertyForest
from confide.games.attribute.updates import BatchProperty
from confide.knowledge.properties import BatchMix
from confide.learners.first_weights import dense_layers
from confide.mechanisms.learn.batch_gradient import BatchGradient
from confide.views.records import Records

FEATURES, N = 6, 800


@cache
def people(seed: int, *, tied: bool = False) -> tuple[Records, np.ndarray]:
    """The first feature is the property; the label goes with nothing, or with the property."""
    draw = rng(seed)
    has = draw.random(N) < 0.5
    x = draw.random((N, FEATURES))
    # Of a batch without it the weights of this feature have no gradient at all.
    x[:, 0] = has
    y = draw.integers(0, CLASSES, N)
    return Records(x, np.where(has & (draw.random(N) < 0.9), 0, y) if tied else y), has


@dataclass(frozen=True)
class Round:
    """A fresh network, at which everybody shares; a silent one shares nothing of the batch."""

    silent: bool = False

    def __call__(self, rng: np.random.Generator) -> Any:
        shares = BatchGradient(network=dense_layers((FEATURES, 8, CLASSES), rng=rng))
        return Elsewhere(shares) if self.silent else shares


def game(*, silent: bool = False, tied: bool = False, alone: bool = False, asked: int = 100) -> BatchProperty:
    (records, has), (others, others_have) = people(1, tied=tied), people(2, tied=tied)
    return BatchProperty(
        round=Round(silent),
        records=records,
        has=has,
        mix=BatchMix(batch=16, inside=8),
        asked=asked,
        people=None if alone else others,
        people_have=None if alone else others_have,
    )


def case(attack: Any, silent: Any, naked: Any, *, reaches: float, label: str = "") -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(silent, 2),
        naked=Sitting(naked, 2),
        reaches=reaches,
        null=permuted_exposure,
        small=Sitting(partial(naked, asked=20), 2),
        judge=ByScore(),
        lacks=(Lacks(partial(game, alone=True), "people of its own"),),
        label=label,
    )


CASES = (
    case(
        PropertyForest(made=120, trees=50),
        partial(game, silent=True),
        game,
        reaches=0.99,
        label="small",
    ),
    # It sees no update: what it can find is what goes with the labels.
    case(LabelCounts(), game, partial(game, tied=True), reaches=0.95),
)
