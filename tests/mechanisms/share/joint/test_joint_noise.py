"""Noise inside a joint computation: what the honest parties add keeps the budget by itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.mechanisms.share.joint.noise import JointNoise

BUDGET = Budget(1.0, 1e-6)


def noise_of(parties, colluding, words=4000):
    return JointNoise(budget=BUDGET, sensitivity=1.0, words=words, parties=parties, colluding=colluding)


@pytest.mark.parametrize(("parties", "colluding"), [(3, 1), (5, 2)])
def test_the_noise_of_the_honest_has_the_variance_that_the_budget_needs(parties, colluding):
    # Chi-square of the variance and Kolmogorov-Smirnov of the law: each alarms falsely once in 10,000.
    noise = noise_of(parties, colluding)
    grid = noise.grid
    left = sum(noise.drawn() for _ in range(noise.honest)).astype(float)
    sigma = grid.sigma * noise.honest**0.5
    low, high = chi2.ppf([5e-5, 1 - 5e-5], len(left))
    assert low < (left**2).sum() / sigma**2 < high
    assert kstest(left / sigma, "norm").pvalue > 1e-4
    moved = grid.l2_squared**0.5
    assert gaussian_delta(1.0, sigma=(sigma**2 - 16) ** 0.5, sensitivity=moved) <= 1e-6
    # The twin: noise that all parties together carry, so that the colluding take their part of it away.
    twin = sigma * (noise.honest / noise.parties) ** 0.5
    assert gaussian_delta(1.0, sigma=twin, sensitivity=moved) > 1e-6


def test_several_vectors_have_the_noise_of_one_that_is_moved_further():
    noise = replace(noise_of(3, 1, words=9), times=4, off=0.01)
    grid = noise.grid
    deviation = ((grid.sigma**2 * 2) - 16) ** 0.5
    moved = grid.l2_squared**0.5
    assert moved >= (1 + 2 * 0.01 * 3) * grid.steps + 3
    assert 0.99e-6 < gaussian_delta(1.0, sigma=deviation, sensitivity=2 * moved) <= 1e-6
    assert noise.rho == pytest.approx(4 * (moved / deviation) ** 2 / 2, rel=1e-6)


def test_the_grid_costs_little():
    noise = noise_of(3, 1, words=100)
    assert 1 <= noise.grid.l2_squared**0.5 / noise.grid.steps < 1.001
    assert noise.rho == pytest.approx(0.5 / (noise.grid.sigma * 2**0.5 / noise.grid.steps) ** 2, rel=2e-3)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"colluding": 2}, "two honest ones"),
        ({"sensitivity": 0.0}, "sensitivity 0"),
        ({"budget": Budget(1.0, 1e-6, Unit.client())}, "hides a record"),
    ],
)
def test_noise_that_keeps_nothing_is_refused(terms, said):
    given = {"budget": BUDGET, "sensitivity": 1.0, "words": 3, "parties": 3, "colluding": 1, **terms}
    with pytest.raises(PromiseError, match=said):
        JointNoise(**given)


def test_one_partys_noise_is_whole_and_never_the_same():
    noise = noise_of(3, 1)
    one, two = noise.drawn(), noise.drawn()
    assert one.dtype == np.int64
    assert (one != two).mean() > 0.99
