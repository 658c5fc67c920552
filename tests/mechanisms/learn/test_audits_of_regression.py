"""Audits of private regression: the best test of one record is below the promise, and sees a broken twin."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from confide.core.budget import Budget
from confide.core.evidence import Evidence
from confide.measure import measure
from confide.mechanisms.learn.cross_entropy import minimum
from confide.mechanisms.learn.objective_perturbation import ObjectivePerturbation
from confide.mechanisms.learn.sufficient_statistics import SufficientStatistics
from confide.models.linear import features_of
from confide.views.records import Records

pytestmark = pytest.mark.slow

BUDGET, WORLDS = Budget(1.0, 1e-5), 600
MORE = Budget(30.0, 1e-5)
"""That of the broken twins: their noise is a tenth and less, their promise the same."""


def proved(shown: Callable[[Records, np.random.Generator], float], base: Records, target: Records) -> float:
    """What 600 worlds prove, each with the target by a coin; wrong in one audit of a million."""
    rng = np.random.default_rng(1)
    exposed = rng.random(WORLDS) < 0.5
    both = Records.concat([base, target])
    score = np.array([shown(both if there else base, rng) for there in exposed])
    evidence = Evidence.of(exposed=exposed, score=score, world=np.arange(WORLDS), randomised=True)
    bounds = measure(evidence, confidence=1 - 1e-6, delta=BUDGET.delta).epsilon
    return max(bound.low for bound in bounds if bound.certified)


def test_of_the_perturbed_objective():
    """The adversary knows the rest, so which way the target moves the minimum, and projects on that."""
    x = np.repeat([[0.6, 0.3], [-0.6, 0.3]], 20, axis=0)
    base, target = Records(x, np.tile([0, 1], 20)), Records(np.array([[0.0, -1.0]]), np.array([1]))
    made = ObjectivePerturbation(budget=BUDGET, classes=2, noise="rehearsal")

    def least(data: Records) -> np.ndarray:
        given = {"shape": (1, 3), "penalty": made.penalty_used, "within": 1e-6}
        return minimum(features_of(data.x, 1.0), data.y, **given).ravel()

    along = least(Records.concat([base, target])) - least(base)

    def shown(maker: ObjectivePerturbation) -> Callable[..., float]:
        return lambda data, rng: float(maker(data, rng=rng).view.weights()[0] @ along)

    assert proved(shown(made), base, target) <= BUDGET.epsilon
    twin = dataclasses.replace(made, budget=MORE, penalty=made.penalty_used)
    assert proved(shown(twin), base, target) > BUDGET.epsilon


def test_of_noisy_sums_of_products():
    """The sums themselves are the best view: the target's products are the direction to project on."""
    base = Records(np.zeros((20, 2)), np.zeros(20))
    target = Records(np.array([[0.6, 0.8]]), np.array([2.0]))

    def shown(maker: Any) -> Callable[..., float]:
        u = np.array([0.6, 0.8, 1.0])

        def score(data: Records, rng: np.random.Generator) -> float:
            x = features_of(data.x, 1.0)
            matrix, vector = maker._noisy(x, np.asarray(data.y) / 2 * np.sqrt(2), None, rng)
            return float((matrix * np.outer(u, u)).sum() + vector @ u * np.sqrt(2))

        return score

    made = SufficientStatistics(budget=BUDGET, low=-2.0, high=2.0, noise="rehearsal")
    assert proved(shown(made), base, target) <= BUDGET.epsilon
    assert proved(shown(dataclasses.replace(made, budget=MORE)), base, target) > BUDGET.epsilon
