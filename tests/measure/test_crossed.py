"""Intervals of a cross-validation hold for attacks that learn from people who are asked about too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import auc, measure
from confide.measure.crossed import widened

PEOPLE, THINGS, PARTS = 240, 60, 3


def crossed(rng: np.random.Generator) -> Evidence:
    """A trait drawn by a coin, guessed from things by least squares that learn from the other parts."""
    x = (rng.random((PEOPLE, THINGS)) < 0.1).astype(float)
    trait, part, score = rng.random(PEOPLE) < 0.5, rng.permutation(PEOPLE) % PARTS, np.empty(PEOPLE)
    for i in range(PARTS):
        here, centred = part == i, x - x[part != i].mean(axis=0)
        others = centred[~here]
        weights = np.linalg.solve(
            others.T @ others + 10 * np.eye(THINGS), others.T @ (trait[~here] - trait[~here].mean())
        )
        score[here] = centred[here] @ weights
    return replace(Evidence.of(trait, score, world=part), crossed=True)


def test_an_auc_of_one_half_is_held() -> None:
    """Of 300 intervals at 95 % at least 274 hold, but for 1 in 1,000 times (binomial). Of those that take
    people as independent about .85 do: this test finds them out."""
    rng = np.random.default_rng(0)
    held = np.zeros(2, np.int64)
    for _ in range(300):
        found = crossed(rng)
        narrow = auc(found.claims[found.exposed], found.claims[~found.exposed])
        held += [area.low <= 0.5 <= area.high for area in (widened(narrow), narrow)]
    assert held[0] >= 274 > held[1]


def test_every_rate_and_the_band_are_wider_and_said_to_be() -> None:
    found = crossed(np.random.default_rng(1))
    wide, narrow = measure(found, delta=0.0), measure(replace(found, crossed=False), delta=0.0)
    for name in ("exposed", "control", "advantage", "auc"):
        one, other = getattr(wide, name), getattr(narrow, name)
        assert one.value == other.value and one.low <= other.low and one.high >= other.high
    assert wide.auc.high - wide.auc.value == pytest.approx(2**0.5 * (narrow.auc.high - narrow.auc.value))
    assert (wide.roc.low <= narrow.roc.low).all() and (wide.roc.high >= narrow.roc.high).all()
    assert "learned from the others" in wide.strategy and "learned" not in narrow.strategy


def test_limits_stay_what_a_number_can_be() -> None:
    assert widened(Estimate(0.1, 0.02, 0.95, 0.95)) == Estimate(0.1, 0.0, 1.0, 0.95)
    assert widened(Estimate(0.0, -0.8, 0.8, 0.95), least=-1.0).low == -1.0
