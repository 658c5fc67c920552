"""Workloads held against closed forms and exact sums: never below the truth, and not far above it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution as pld
from scipy.optimize import brentq
from scipy.stats import binom, norm

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, Cost
from confide.account.filters import epsilon_for
from confide.account.workloads import (
    SLACK,
    STEPS,
    GaussianLoss,
    LaplaceLoss,
    Loss,
    PureLoss,
    cost_together,
)
from confide.core.errors import BudgetError

Delta = Callable[[float], float]


def apart_of(losses: list[Loss]) -> Cost:
    """The plain sum of what the losses cost alone."""
    found = Cost.nothing()
    for loss in losses:
        match loss:
            case PureLoss(epsilon=epsilon):
                found += Cost.pure(f"{epsilon}e-6")
            case LaplaceLoss(l1=l1, scale=scale):
                found += Cost.pure(l1 / scale)
            case GaussianLoss(l2_squared=squared, scale=scale):
                found += Cost.concentrated(squared / (2 * scale**2))
    return found


def together(losses: list[Loss], delta: float) -> float:
    cost = cost_together(losses, apart=apart_of(losses), delta=delta)
    assert cost.epsilon is not None
    return cost.epsilon / MILLIONTH


def smallest(lost: Delta, delta: float, most: float) -> float:
    return float(brentq(lambda e: lost(e) - delta, 0, most, xtol=1e-13))


def lost_by_gaussian(ratio: float) -> Delta:
    """Balle, Wang 2018: the exact delta of Gaussian noise, for each epsilon, below 0 too."""

    def lost(epsilon: float) -> float:
        under = norm.logcdf(-epsilon / ratio - ratio / 2) + epsilon
        return float(norm.cdf(-epsilon / ratio + ratio / 2) - math.exp(under))

    return lost


def losses_of_response(epsilon: float, times: int) -> tuple[Any, Any]:
    """The losses of repeated randomised response, and their exact probabilities."""
    wrong = np.arange(times + 1)
    return (times - 2 * wrong) * epsilon, binom.pmf(wrong, times, 1 / (1 + math.exp(epsilon)))


def lost_by_response(epsilon: float, times: int) -> Delta:
    at, chance = losses_of_response(epsilon, times)
    return lambda e: math.fsum(chance * np.maximum(0, -np.expm1(e - at)))


@pytest.mark.parametrize(
    ("scales", "delta"),
    [([100.0] * 100, 1e-6), ([30.0] * 10, 1e-5), ([400.0] * 1000, 1e-8), ([25.0, 90.0, 310.0] * 7, 1e-6)],
)
def test_gaussian_noise_costs_what_the_analytic_gaussian_mechanism_does(
    scales: list[float], delta: float
) -> None:
    exact = smallest(lost_by_gaussian(math.sqrt(sum(s**-2 for s in scales))), delta, 50)
    losses: list[Loss] = [GaussianLoss(1, s) for s in scales]
    assert exact <= together(losses, delta) <= 1.01 * exact
    assert together(losses, delta) <= epsilon_for(apart_of(losses).rho, round(delta * DELTA_UNITS)) / 1e6


@pytest.mark.parametrize(
    ("epsilon", "times", "delta"), [(0.1, 50, 1e-6), (0.01, 400, 1e-6), (0.5, 20, 1e-5), (0.001, 900, 1e-7)]
)
def test_pure_answers_cost_what_exact_composition_says_and_less_than_sums(
    epsilon: float, times: int, delta: float
) -> None:
    """Kairouz, Oh, Viswanath 2015: of answers with this epsilon nothing better can be said."""
    losses: list[Loss] = [PureLoss(round(epsilon * MILLIONTH))] * times
    exact = smallest(lost_by_response(epsilon, times), delta, times * epsilon)
    found = together(losses, delta)
    assert exact <= found <= 1.001 * exact
    assert found < times * epsilon
    assert found < epsilon_for(apart_of(losses).rho, round(delta * DELTA_UNITS)) / MILLIONTH
    # Laplace noise of that epsilon is no worse.
    assert together([LaplaceLoss(20, 20 / epsilon)] * times, delta) <= found


def test_both_kinds_of_noise_together_are_added_exactly() -> None:
    at, chance = losses_of_response(0.05, 30)
    gaussian = lost_by_gaussian(math.sqrt(40) / 80)
    exact = smallest(
        lambda e: math.fsum(p * gaussian(e - a) for a, p in zip(at, chance, strict=True)), 1e-6, 9
    )
    losses: list[Loss] = [*[PureLoss(50_000)] * 30, *[GaussianLoss(1, 80.0)] * 40]
    assert exact <= together(losses, 1e-6) <= 1.01 * exact


def lost_by_vector(weights: Any, shift: tuple[int, ...], times: int) -> Delta:
    """Exact, by all outcomes: noise of this law on each entry, moved by the shift, asked several times."""
    at, chance = np.zeros(1), np.ones(1)
    for moved in shift * times:
        there = np.roll(weights, moved)
        loss = np.log(weights) - np.log(there)
        added = np.round(np.add.outer(at, loss).ravel(), 9)
        at, place = np.unique(added, return_inverse=True)
        chance = np.bincount(place, np.outer(chance, weights).ravel())
    return lambda e: math.fsum(chance * np.maximum(0, -np.expm1(e - at)))


@pytest.mark.parametrize("shift", [(4,), (3, 1), (2, 2), (1, 1, 2), (1, 1, 1, 1)])
def test_laplace_noise_on_a_vector_is_never_worse_than_on_one_number(shift: tuple[int, ...]) -> None:
    """Whatever entries a person moves: enumerated, twice over."""
    scale, delta = 6.0, 1e-3
    around = np.arange(-140, 141)
    weights = np.exp(-np.abs(around) / scale)
    lost = lost_by_vector(weights / weights.sum(), shift, 2)
    losses: list[Loss] = [LaplaceLoss(4, scale)] * 2
    found = together(losses, delta)
    assert found < 2 * 4 / scale
    assert lost(found) <= delta
    if shift == (4,):  # of which nothing better can be said
        assert lost(found * 0.999) > delta


@pytest.mark.parametrize(("shift", "scale"), [((1,), 6.0), ((2, 1), 9.0), ((1, 1), 12.0)])
def test_discrete_gaussian_noise_is_never_worse_than_what_is_said_of_it(
    shift: tuple[int, ...], scale: float
) -> None:
    around = np.arange(-90, 91)
    weights = np.exp(-(around**2) / (2 * scale**2))
    lost = lost_by_vector(weights / weights.sum(), shift, 2)
    found = together([GaussianLoss(sum(v**2 for v in shift), scale)] * 2, 1e-4)
    assert lost(found) <= 1e-4 < lost(found * 0.93)


def test_a_shift_of_many_steps_is_counted_in_coarser_ones_and_up() -> None:
    """Of one answer with a delta the epsilon is that of continuous noise, 1 - exp((e - 1) / 2) = delta."""
    for l1 in (1_000, STEPS + 1, 10**7 + 3):
        losses: list[Loss] = [LaplaceLoss(l1, float(l1))]
        found = together(losses, 0.01)
        assert 1 + 2 * math.log1p(-0.01) <= found <= (1 + 2 * math.log1p(-0.01)) * 1.001


def test_floats_lose_a_fortieth_of_what_is_kept_for_them() -> None:
    one = pld.from_discrete_laplace_mechanism(
        0.001, value_discretization_interval=1e-4, use_connect_dots=True
    )
    many = one.self_compose(20_000)
    for epsilon in (0.1, 0.5, 1.0):
        error = many.get_delta_for_epsilon(epsilon) - lost_by_response(0.001, 20_000)(epsilon)
        assert abs(error) <= SLACK / 40 / DELTA_UNITS


def test_a_workload_costs_its_sum_where_that_is_less() -> None:
    losses: list[Loss] = [PureLoss(500_000)] * 2
    assert cost_together(losses, apart=apart_of(losses), delta=1e-9) == apart_of(losses)
    # A delta that is too small for floats: what rhos prove is said, and it is more than the sum.
    many: list[Loss] = [PureLoss(10_000)] * 900
    cost = cost_together(many, apart=apart_of(many), delta=1e-12)
    assert cost.epsilon == epsilon_for(apart_of(many).rho, 1_000)


def test_its_rho_is_the_sum_and_its_delta_the_whole() -> None:
    losses: list[Loss] = [PureLoss(10_000)] * 400
    apart = Cost(epsilon=4_000_000, rho=400 * 10**12 // 20_000, delta=5 * 10**7)
    cost = cost_together(losses, apart=apart, delta=1e-6)
    assert (cost.rho, cost.delta) == (apart.rho, 10**9)
    assert cost.epsilon is not None and cost.epsilon / MILLIONTH >= smallest(
        lost_by_response(0.01, 400), 0.95e-6, 4
    )
    assert apart.rho / RHO_UNITS == 0.02


@pytest.mark.parametrize("delta", [0, -1, 1, 5e-8, float("nan"), "x"])
def test_a_delta_that_cannot_be_is_refused(delta: Any) -> None:
    with pytest.raises(BudgetError, match="delta is"):
        cost_together([PureLoss(1)], apart=Cost(epsilon=1, rho=1, delta=5 * 10**7), delta=delta)
    with pytest.raises(BudgetError, match="empty"):
        cost_together([], apart=Cost.nothing(), delta=1e-6)
