"""The rho of a run of DP-SGD: closed forms of its moments, the theorem itself, and what a ledger grants."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln, logsumexp
from scipy.stats import norm
from tests.mechanisms.learn.dpsgd.test_runs import crowd, rng, trainer

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, Cost
from confide.account.filters import Filter
from confide.account.opening import open_ledger
from confide.core.budget import Budget
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of, noise_multiplier
from confide.mechanisms.learn.dpsgd.moments import cost_of_run, log_moments

RARE = {"rate": 1e-3, "steps": 2000}
"""Rare samples with little noise: their moments are small at first, and explode from some order on."""


def second_order(budget: Budget, *, multiplier: float, rate: float, steps: int) -> float:
    """The broken twin: it takes the divergence of order 2 for that of all orders."""
    return steps * float(log_moments(np.array([2.0]), multiplier=multiplier, rate=rate)[0]) / 2


def of_run(budget: Budget, **settings) -> tuple[float, Cost]:
    """The noise that keeps a budget, and the cost."""
    sigma = noise_multiplier(epsilon=budget.epsilon, delta=budget.delta, **settings)
    return sigma, cost_of_run(budget, multiplier=sigma, **settings)


@pytest.mark.parametrize(("sigma", "rate"), [(0.6, 0.01), (1.1, 0.2), (4.0, 0.5), (30.0, 0.001)])
def test_moments_of_whole_orders_are_binomial_sums(sigma: float, rate: float) -> None:
    """Mironov, Talwar, Zhang 2019, section 3.3."""
    orders = np.array([2.0, 3.0, 10.0, 40.0])
    found = log_moments(orders, multiplier=sigma, rate=rate)
    for order, value in zip(orders, found, strict=True):
        k = np.arange(order + 1)
        terms = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
        terms = terms + (order - k) * math.log1p(-rate) + k * math.log(rate) + (k * k - k) / (2 * sigma**2)
        assert value == pytest.approx(float(logsumexp(terms)), rel=1e-9, abs=1e-13)


def test_moments_of_other_orders_are_integrals_and_those_of_gaussian_noise() -> None:
    orders = np.array([1.01, 1.7, 3.5, 12.3])
    for sigma, rate in ((0.7, 0.02), (2.0, 0.3)):
        for order, found in zip(orders, log_moments(orders, multiplier=sigma, rate=rate), strict=True):

            def raised(z: float, a: float = order, s: float = sigma, q: float = rate) -> float:
                return norm.pdf(z, scale=s) * (1 - q + q * math.exp((2 * z - 1) / (2 * s * s))) ** a

            ends = [-12 * sigma, 0, 1, order, order + 12 * sigma]
            parts = [quad(raised, a, b, epsabs=0, epsrel=1e-12, limit=200)[0] for a, b in pairwise(ends)]
            assert found == pytest.approx(math.log(sum(parts)), rel=1e-8)
    everybody = log_moments(orders, multiplier=1.7, rate=1.0)
    assert everybody == pytest.approx(orders * (orders - 1) / (2 * 1.7**2), rel=1e-10)


def test_a_run_on_everybody_costs_the_rho_of_gaussian_noise() -> None:
    sigma, cost = of_run(Budget(1.0, 1e-6), rate=1.0, steps=50)
    exact = 50 / (2 * sigma**2)
    assert exact <= cost.rho / RHO_UNITS <= 1.011 * exact  # orders are 1 % apart
    assert (cost.epsilon, cost.delta) == (MILLIONTH, DELTA_UNITS // 10**6)


@pytest.mark.slow
@pytest.mark.parametrize("budget", [Budget(0.05, 1e-6), Budget(8.0, 1e-5)])
@pytest.mark.parametrize("settings", [{"rate": 0.2, "steps": 75}, RARE])
def test_a_run_costs_its_epsilon_and_delta_and_no_more_rho_than_these(budget: Budget, settings) -> None:
    _, cost = of_run(budget, **settings)
    pure = Cost.pure(budget.epsilon, delta=budget.delta)
    assert (cost.epsilon, cost.delta) == (pure.epsilon, pure.delta)
    assert 0 < cost.rho <= pure.rho


@pytest.mark.parametrize(("rate", "budget"), [(0.001, Budget(2.0, 1e-5)), (0.3, Budget(1.0, 1e-3))])
def test_the_moments_of_one_step_below_its_epsilon_are_within_rho(rate: float, budget: Budget) -> None:
    """The theorem for one step, by an integral of its own: P' is the smaller of P and e^epsilon Q."""
    sigma, cost = of_run(budget, rate=rate, steps=1)
    x = np.linspace(-12 * sigma, 12 * sigma + 2, 20_001)
    q = norm.logpdf(x, scale=sigma)
    p = np.logaddexp(math.log1p(-rate) + q, math.log(rate) + norm.logpdf(x, loc=1, scale=sigma))

    def largest(above: np.ndarray, below: np.ndarray) -> float:
        """The largest log moment over a (a - 1)."""
        ratio = np.minimum(above - below, budget.epsilon)
        lacking = float(np.sum(np.exp(above) - np.exp(below + ratio)) * (x[1] - x[0]))
        assert lacking <= budget.delta * (1 + 1e-6)
        orders = np.exp(np.linspace(0.01, 7, 70))
        found = [float(logsumexp(a * ratio + below)) + math.log(x[1] - x[0]) for a in orders]
        return max(value / (a * (a - 1)) for value, a in zip(found, orders, strict=True))

    removed, added = largest(p, q), largest(q, p)
    assert max(removed, added) <= cost.rho / RHO_UNITS
    if rate < 0.01:  # the twin could not have passed
        assert second_order(budget, multiplier=sigma, rate=rate, steps=1) < removed


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"rate": 0.1, "steps": 100}, RARE])
def test_as_many_runs_as_a_ledger_grants_are_within_its_budget(settings) -> None:
    """By the distribution of all losses together. By their epsilons fewer runs would be granted."""
    whole, each = Budget(3.0, 1e-4), Budget(0.5, 1e-6)
    fits = Filter.of(whole, composition="zcdp")
    sigma, cost = of_run(each, **settings)
    assert fits.most_rho is not None
    granted = min(fits.most_rho // cost.rho, fits.most_delta // cost.delta)
    assert granted > whole.epsilon / each.epsilon
    steps = granted * settings["steps"]
    within = epsilon_of(multiplier=sigma, delta=whole.delta, rate=settings["rate"], steps=steps)
    assert within <= whole.epsilon


def test_a_ledger_pays_for_a_run_beside_gaussian_noise(tmp_path: Path) -> None:
    """Neither an epsilon of its own, which Gaussian noise has not, nor epsilon^2 / 2 is needed."""
    records, budget = crowd(), Budget(1.0, 1e-5)
    ledger = open_ledger(f"sqlite:///{tmp_path}/either.db", data=records.digest(), budget=Budget(2.0, 1e-4))
    noise = Cost.concentrated(0.01)
    ledger.charge("1" * 64, noise)
    private = trainer(ledger=ledger, budget=budget)
    private(records, rng=rng())
    plan = private.plan(len(records))
    cost = cost_of_run(budget, multiplier=plan.multiplier, rate=plan.rate, steps=plan.steps)
    assert ledger.spent == noise + cost
    assert cost.rho < Cost.pure(1.0).rho / 10
    assert not ledger.terms.filter.grants(noise + Cost.pure(1.0, delta=1e-5))  # what it cost before
    ledger.close()


def test_noise_that_is_chosen_on_the_way_costs_its_epsilon(tmp_path: Path) -> None:
    """Its first multiplier says nothing of the later ones, and so nothing of a rho."""
    records = crowd()
    ledger = open_ledger(f"sqlite:///{tmp_path}/either.db", data=records.digest(), budget=Budget(3.0, 1e-4))
    rule = {"noise_multiplier": lambda view, step: 8.0 if step == 0 else 4.0, "epochs": 1.0}
    trainer(ledger=ledger, budget=Budget(1.0, 1e-5), **rule)(records, rng=rng())
    assert ledger.spent == Cost.pure(1.0, delta=1e-5)
    ledger.close()
