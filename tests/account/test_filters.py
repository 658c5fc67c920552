"""Filters held against exact probabilities of adaptive questions, their conversion against closed forms."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, Cost
from confide.account.filters import Composition, Filter, epsilon_for, rho_within
from confide.core.budget import Budget
from confide.core.errors import BudgetError

Run = list[tuple[float, float]]
"""The probabilities of each whole run on a data set and on its neighbour."""
Grants = Callable[[Cost], bool]


def randomised_response(epsilon: float, delta: float) -> list[tuple[float, float]]:
    """The worst (epsilon, delta) mechanism there is (Kairouz, Oh, Viswanath 2015): four outcomes."""
    right = (1 - delta) * math.exp(epsilon) / (1 + math.exp(epsilon))
    wrong = (1 - delta) / (1 + math.exp(epsilon))
    return [(delta, 0.0), (right, wrong), (wrong, right), (0.0, delta)]


def runs(choose: Callable[[tuple[int, ...]], Cost], grants: Grants, depth: int) -> Run:
    """All runs of an adversary that chooses each cost by the answers so far, until none is granted."""
    found: Run = []

    def go(seen: tuple[int, ...], p: float, q: float, spent: Cost) -> None:
        cost = choose(seen)
        if len(seen) == depth or not grants(spent + cost):
            found.append((p, q))
            return
        assert cost.epsilon is not None
        kernel = randomised_response(cost.epsilon / MILLIONTH, cost.delta / DELTA_UNITS)
        for answer, (a, b) in enumerate(kernel):
            if a or b:
                go((*seen, answer), p * a, q * b, spent + cost)

    go((), 1.0, 1.0, Cost.nothing())
    return found


def lost(found: Run, epsilon: float) -> float:
    """The smallest delta with which the runs are (epsilon, delta)-private, in both directions."""
    return max(
        sum(max(0.0, p - math.exp(epsilon) * q) for p, q in found),
        sum(max(0.0, q - math.exp(epsilon) * p) for p, q in found),
    )


def adversary(seed: int, sizes: list[float], delta: float) -> Callable[[tuple[int, ...]], Cost]:
    """It spends more where the answers so far point one way: every history has a size of its own."""

    def choose(seen: tuple[int, ...]) -> Cost:
        size = random.Random(f"{seed} {seen}").choice(sizes)
        return Cost.pure(round(size, 6), delta=delta)

    return choose


@pytest.mark.parametrize("composition", ["basic", "zcdp", "either"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_asked_adaptively_is_within_the_budget(composition: Composition, seed: int) -> None:
    budget = Budget(1.0, 0.02)
    fits = Filter.of(budget, composition=composition)
    found = runs(adversary(seed, [0.15, 0.3, 0.5, 0.9], 0.0), fits.grants, 9)
    assert math.isclose(sum(p for p, _ in found), 1)
    assert lost(found, budget.epsilon) <= budget.delta
    with_deltas = runs(adversary(seed, [0.15, 0.3], 0.003), fits.grants, 4)
    assert 0.003 * 0.9 < lost(with_deltas, budget.epsilon) <= budget.delta


@pytest.mark.parametrize("seed", range(3))
def test_the_test_could_fail(seed: int) -> None:
    """Twins that ignore what came before, or take the whole epsilon for rho, are above their budget."""
    budget = Budget(1.0, 0.02)
    fits = Filter.of(budget)
    careless: Grants = lambda total: total.rho <= RHO_UNITS  # noqa: E731
    forgetful: Grants = lambda total: True  # noqa: E731
    for broken in (careless, forgetful):
        assert lost(runs(adversary(seed, [0.5, 0.9], 0.0), broken, 6), budget.epsilon) > budget.delta
    assert fits.most_rho is not None and fits.most_rho < RHO_UNITS


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 1, 3, 10])
@pytest.mark.parametrize("delta", [1e-12, 1e-6, 1e-2])
def test_rho_is_within_the_exact_curve_of_gaussian_noise_and_near_it(epsilon: float, delta: float) -> None:
    """Gaussian noise is rho-zCDP exactly, and its delta has a closed form (Balle, Wang 2018)."""
    rho = rho_within(round(epsilon * MILLIONTH), round(delta * DELTA_UNITS)) / RHO_UNITS
    if rho == 0:
        pytest.fail("nothing may be spent")

    def exact(r: float) -> float:
        mu = math.sqrt(2 * r)
        log_second = epsilon + norm.logcdf(-epsilon / mu - mu / 2)
        return float(norm.cdf(-epsilon / mu + mu / 2) - math.exp(log_second))

    assert exact(rho) <= delta
    assert exact(3 * rho) > delta  # at most two thirds are given away, and that at a large delta
    classical = (math.sqrt(math.log(1 / delta) + epsilon) - math.sqrt(math.log(1 / delta))) ** 2
    assert rho >= classical * (1 - 1e-6)  # Bun, Steinke 2016, proposition 1.3, is looser


def test_rho_is_the_best_of_all_orders_as_a_plain_loop_finds_it() -> None:
    """Canonne, Kamath, Steinke (2020) solved by bisection over rho, at every order of a grid."""
    epsilon, delta = 1.0, 1e-6

    def reached(rho: float) -> float:
        best = 1.0
        for i in range(1, 3000):
            a = 1 + i / 20
            power = min(0.0, (a - 1) * (a * rho - epsilon))
            best = min(best, math.exp(power) / (a - 1) * (1 - 1 / a) ** a)
        return best

    low, high = 0.0, 1.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) <= delta else (low, middle)
    assert rho_within(MILLIONTH, 10**9) / RHO_UNITS == pytest.approx(low, rel=1e-5)


@settings(max_examples=40)
@given(st.integers(1, 50 * MILLIONTH), st.integers(1, DELTA_UNITS // 2))
def test_conversion_there_and_back(epsilon: int, delta: int) -> None:
    rho = rho_within(epsilon, delta)
    back = epsilon_for(rho, delta)
    assert back <= epsilon
    assert rho_within(back, delta) >= rho
    assert back == 1 or rho_within(back - 1, delta) < rho or back - 1 < epsilon * 1e-8


amounts = st.integers(0, 2 * MILLIONTH)


@settings(max_examples=40)
@given(amounts, amounts, st.sampled_from(["basic", "zcdp", "either"]), st.integers(0, 2 * MILLIONTH))
def test_what_is_left_is_granted_and_a_unit_more_is_not(
    epsilon: int, rho: int, composition: Composition, delta: int
) -> None:
    budget = Budget(1.0, 1e-9)
    fits = Filter.of(budget, composition=composition)
    spent = Cost(epsilon=epsilon, rho=rho * 10_000, delta=delta)
    left = fits.left(spent)
    if not fits.grants(spent):  # then nothing more is granted: the sums only grow
        return
    for k, granted in ((left.epsilon, True), (left.epsilon + 1, False)):
        assert fits.grants(spent + Cost(epsilon=k, rho=(k * k + 1) // 2)) is granted
    assert fits.grants(spent + Cost(epsilon=None, rho=left.rho)) is (
        fits.most_rho is not None and left.rho > 0
    ) or (left.rho == 0)
    assert not fits.grants(spent + Cost(epsilon=None, rho=left.rho + 1))
    assert not fits.grants(spent + Cost(epsilon=0, rho=0, delta=left.delta + 1))


@settings(max_examples=40)
@given(amounts.filter(bool), st.integers(0, 10**9), st.sampled_from(["basic", "zcdp", "either"]))
def test_the_smallest_budget_pays(epsilon: int, delta: int, composition: Composition) -> None:
    budget = Budget(0.5, 1e-7)
    asked = Cost(epsilon=epsilon, rho=(epsilon**2 + 1) // 2, delta=delta)
    found = Filter.of(budget, composition=composition).smallest(asked, budget)
    assert found is not None
    assert Filter.of(found, composition=composition).grants(asked)
    less = found.epsilon - 2e-6
    if less >= 1e-6 and less < found.epsilon * (1 - 1e-6):
        assert not Filter.of(Budget(less, found.delta), composition=composition).grants(asked)


def test_parts_never_add_up_to_more_than_the_whole() -> None:
    whole = Filter.of(Budget(1.0, 1e-6), composition="zcdp")
    thirds = [whole.part(Fraction(1, 3))] * 3
    assert whole.most_rho is not None
    assert (
        sum(part.most_rho or 0 for part in thirds)
        <= whole.most_rho
        < sum(part.most_rho or 0 for part in thirds) + 3
    )
    assert sum(part.most_delta for part in thirds) <= whole.most_delta


@pytest.mark.parametrize("budget", [Budget(0), Budget(1e-7), Budget(1001)])
def test_a_budget_that_pays_for_nothing_or_promises_nothing_is_refused(budget: Budget) -> None:
    with pytest.raises(BudgetError, match=r"at least 0.000001"):
        Filter.of(budget)


def test_sums_of_rho_need_a_delta() -> None:
    with pytest.raises(BudgetError, match="such as 1e-6"):
        Filter.of(Budget(1.0), composition="zcdp")
    assert not Filter.of(Budget(1.0)).grants(Cost.concentrated(0.001))
