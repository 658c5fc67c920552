"""Linear regression from noisy sums: the noise keeps the budget, sums are right, and it finds the line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.learn.sufficient_statistics import SufficientStatistics
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.views.records import Records

ALPHA = 1e-9
BUDGET = Budget(1.0, 1e-5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def maker(**changes) -> SufficientStatistics:
    return SufficientStatistics(
        **({"budget": BUDGET, "low": -2.0, "high": 2.0, "noise": "rehearsal"} | changes)
    )


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("m", [2, 60])
def test_the_noise_keeps_the_budget_for_the_longest_record_and_wastes_little(epsilon: float, m: int):
    """mu^2 of one record: squares over variances, of the diagonal, above it, and of the vector."""
    made = maker(budget=Budget(epsilon, 1e-5), radius=3.0)
    x = rng(m).standard_normal(m)
    x *= math.sqrt(10) / np.linalg.norm(x)
    sigma = made.sigma_steps(m)
    diagonal, above = (math.sqrt(s**2 - 16) * made.step for s in (sigma, math.ceil(sigma / math.sqrt(2)) + 1))
    moved = np.outer(x, x)
    upper = moved[np.triu_indices(m, 1)]
    vector = x * math.sqrt(10)  # of the largest target

    def mu(rounding: float) -> float:
        # Each entry is farther apart by a step at most, once both sums are rounded.
        parts = [np.abs(np.diag(moved)) + rounding, np.abs(vector) + rounding]
        square = sum((part**2).sum() for part in parts) / diagonal**2
        return math.sqrt(square + ((np.abs(upper) + rounding) ** 2).sum() / above**2)

    assert gaussian_delta(epsilon, sigma=1 / mu(made.step), sensitivity=1.0) <= 1e-5
    assert gaussian_delta(epsilon, sigma=1 / (1.001 * mu(0.0)), sensitivity=1.0) > 0.98e-5


def test_the_noise_on_nobody_is_normal_above_below_and_beside():
    """A matrix of 150 features and a vector: Kolmogorov-Smirnov at 1e-9 for each; symmetric."""
    made, m = maker(), 150
    matrix, vector = made._noisy(np.zeros((0, m)), np.zeros(0), None, rng(2))
    assert (matrix == matrix.T).all()
    sigma = made.sigma_steps(m) * made.step
    for numbers, deviation in (
        (np.diag(matrix), sigma),
        (matrix[np.triu_indices(m, 1)], sigma / math.sqrt(2)),
        (vector, sigma),
    ):
        assert kstest(numbers / deviation, "norm").pvalue > ALPHA
    above = matrix[np.triu_indices(m, 1)]
    assert kstest(above / sigma, "norm").pvalue < ALPHA, "and a deviation that is too large is told apart"


@pytest.mark.parametrize("people", [False, True])
def test_without_noise_to_speak_of_it_is_least_squares(people: bool):
    """Against numpy's, of records or of people whose records weigh 1 over their number."""
    x = rng(3).uniform(-0.5, 0.5, (3_000, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.3 + 0.2 * rng(4).standard_normal(3_000)
    owner = np.sort(rng(5).integers(900, size=3_000)) if people else None
    unit = Unit.person("person", at_most=ANY_NUMBER) if people else Unit.record()
    made = maker(budget=Budget(1e6, 0.5, unit), ridge=1e-6)
    found = made(Records(x, y), rng=rng(), person=owner).view
    weight = np.sqrt(1 / np.bincount(owner)[owner]) if people else np.ones(3_000)
    z = np.hstack([x, np.ones((3_000, 1))])
    expected = np.linalg.lstsq(z * weight[:, None], y * weight, rcond=None)[0]
    assert found == pytest.approx(expected, abs=5e-3)


def test_it_finds_the_line_under_a_budget():
    x = rng(6).uniform(-0.5, 0.5, (20_000, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.3
    assert maker()(Records(x, y), rng=rng()).view == pytest.approx([1.0, -2.0, 0.5, 0.3], abs=0.3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0)}, "epsilon and delta above 0"),
        ({"budget": Budget(1.0, 1e-5, Unit.client())}, "hides a record or a person"),
        ({"low": 2.0}, "bounds of the target are 2.0 and 2.0"),
        ({"high": np.inf}, "bounds of the target"),
        ({"radius": 0.0}, "radius is 0.0"),
        ({"ridge": np.nan}, "ridge nan"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses_to_be_built(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_targets_that_are_no_numbers_are_refused():
    with pytest.raises(DataError, match="finite"):
        maker()(Records(np.zeros((2, 1)), np.array([1.0, np.nan])), rng=rng())
