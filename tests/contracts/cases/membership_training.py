"""Cases: attacks on a private training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Sitting, permuted_exposure, rng

from confide.attacks.membership.training import CanaryLoss, StepLikelihood, StepSpread
from confide.core.budget import Budget
from confide.games.membership.training import CanariesInTraining
from confide.learners.tap import TrainingPlan
from confide.views.records import Records


@dataclass(frozen=True)
class Sums:
    """Adds up fixed gradients of Poisson batches, with noise; its model remembers labels, or knows nothing.

    Args:
        multiplier: of the noise that is accounted for.
        share: of this noise, what is added.
        deaf: whether sums and model are made without any record.
        shared: whether all steps share one noise.
    """

    multiplier: float = 1.0
    share: float = 1.0
    deaf: bool = False
    shared: bool = False

    def __call__(self, data: Records, tap: Any, *, rng: np.random.Generator) -> Any:
        plan = TrainingPlan(rate=0.3, multiplier=self.multiplier, clip=1.0, steps=20, batch=10.0)
        tap.plan(plan)
        seed = rng.standard_normal(120)
        for _ in range(20):
            rows = np.flatnonzero(rng.random(len(data)) < 0.3)
            g = tap.gradients(rows, np.ones((len(rows), 120)))
            total = np.minimum(1, 1 / np.maximum(np.linalg.norm(g, axis=1), 1e-9)) @ g
            noise = seed if self.shared else rng.standard_normal(120)
            noised = self.multiplier * self.share * noise + (0 if self.deaf else total)
            tap.noised(total, noised)
        return Remembers(data, self.deaf)


class Remembers:
    def __init__(self, data: Records, deaf: bool) -> None:
        self.seen = {} if deaf else {tuple(x): int(y) for x, y in zip(data.x, data.y, strict=True)}

    def predict(self, x: Any) -> Any:
        sure = np.full((len(x), 2), 0.5)
        for i, row in enumerate(x):
            if tuple(row) in self.seen:
                y = self.seen[tuple(row)]
                sure[i] = 0.3
                sure[i, y] = 0.7
        return sure


def game(train: Sums, access: str = "gradients") -> CanariesInTraining:
    x = rng(5).standard_normal((60, 3))
    y = rng(6).integers(0, 2, 60)
    return CanariesInTraining(
        train=train,
        name="sums",
        known=Records(x, y),
        canaries=50,
        classes=2,
        promise=Budget(1.0, 1e-3),
        access=access,  # pyright: ignore[reportArgumentType]
    )


def case(attack: Any, naked: Sums, leaky: Sums, access: str = "gradients") -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, Sums(deaf=True), access), 6),
        naked=Sitting(partial(game, naked, access), 4),
        reaches=0.97,
        leaky=Sitting(partial(game, leaky, access), 4),
        null=permuted_exposure,
        small=Sitting(partial(game, Sums(), access), 2),
        judge=ByScore(),
        lacks=(),
    )


CASES = (
    case(StepLikelihood(), Sums(share=0.01), Sums()),
    case(StepSpread(), Sums(shared=True), Sums(share=0.5)),
    case(CanaryLoss(), Sums(), Sums(), "model"),
)
