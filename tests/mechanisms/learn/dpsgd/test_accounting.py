"""The price of noisy steps: closed forms for one step and for everybody, Renyi's bound for many."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import gammaln, logsumexp
from scipy.stats import norm

from confide.core.errors import PromiseError
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of, noise_multiplier


def one_step_delta(epsilon: float, sigma: float, rate: float) -> float:
    """The larger hockey stick of N(0, s^2) and its mixture with N(1, s^2), between their crossings."""
    mixed = math.exp(epsilon) - 1 + rate
    edge = sigma**2 * math.log(mixed / rate) + 0.5
    # removal: the mixture against N(0); above the edge its density is the larger one.
    out, moved = norm.sf(edge / sigma), norm.sf((edge - 1) / sigma)
    removed = (1 - rate) * out + rate * moved - math.exp(epsilon) * out
    # addition: N(0) against the mixture; below an edge, which exists for e^-epsilon > 1 - rate alone.
    left = math.exp(-epsilon) - 1 + rate
    if left <= 0:
        return removed
    edge = sigma**2 * math.log(left / rate) + 0.5
    inside, moved = norm.cdf(edge / sigma), norm.cdf((edge - 1) / sigma)
    return max(removed, inside - math.exp(epsilon) * ((1 - rate) * inside + rate * moved))


def renyi_epsilon(sigma: float, delta: float, rate: float, steps: int) -> float:
    """Moments of whole orders (ALGORITHMS 9.3), converted by Canonne, Kamath, Steinke."""
    best = math.inf
    for order in range(2, 200):
        k = np.arange(order + 1)
        terms = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
        terms = terms + (order - k) * math.log1p(-rate) + k * math.log(rate) + (k * k - k) / (2 * sigma**2)
        moment = steps * float(logsumexp(terms)) / (order - 1)
        best = min(
            best, moment + math.log((order - 1) / order) - (math.log(delta) + math.log(order)) / (order - 1)
        )
    return best


@pytest.mark.parametrize(("sigma", "rate"), [(0.8, 0.1), (2.0, 0.5)])
def test_one_step_costs_what_its_closed_form_says(sigma: float, rate: float) -> None:
    found = epsilon_of(multiplier=sigma, delta=1e-5, rate=rate, steps=1)
    # The delta at this epsilon is 1e-5: never more, and hardly less.
    assert 0.99e-5 < one_step_delta(found, sigma, rate) <= 1e-5 * (1 + 1e-9)


def test_steps_on_everybody_are_one_gaussian_step() -> None:
    for steps, sigma in ((1, 1.5), (100, 20.0)):
        found = epsilon_of(multiplier=sigma, delta=1e-5, rate=1.0, steps=steps)
        mu = math.sqrt(steps) / sigma
        delta = norm.cdf(-found / mu + mu / 2) - math.exp(found) * norm.cdf(-found / mu - mu / 2)
        assert delta == pytest.approx(1e-5, rel=1e-6)
    # Where sampling leaves out one in ten thousand, the grid's answer is close to the exact one, above it.
    near = epsilon_of(multiplier=20.0, delta=1e-5, rate=0.9999, steps=100)
    assert near == pytest.approx(epsilon_of(multiplier=20.0, delta=1e-5, rate=1.0, steps=100), abs=1e-3)


def test_many_steps_cost_less_than_the_bound_by_moments_and_not_much_less() -> None:
    for sigma, rate, steps in ((1.1, 0.01, 1000), (2.0, 0.1, 200)):
        found = epsilon_of(multiplier=sigma, delta=1e-5, rate=rate, steps=steps)
        bound = renyi_epsilon(sigma, 1e-5, rate, steps)
        assert 0.8 * bound < found < bound


@pytest.mark.slow
@pytest.mark.parametrize(
    ("epsilon", "rate", "steps"), [(1.0, 0.05, 200), (8.0, 0.1, 100), (0.1, 0.3, 50), (3.0, 1.0, 60)]
)
def test_the_multiplier_is_enough_and_one_a_thousandth_smaller_is_not(
    epsilon: float, rate: float, steps: int
) -> None:
    sigma = noise_multiplier(epsilon=epsilon, delta=1e-5, rate=rate, steps=steps)
    assert epsilon_of(multiplier=sigma, delta=1e-5, rate=rate, steps=steps) <= epsilon
    assert epsilon_of(multiplier=0.999 * sigma, delta=1e-5, rate=rate, steps=steps) > epsilon


@pytest.mark.parametrize(("epsilon", "rate", "steps"), [(1e-3, 0.2, 10), (1e-4, 0.2, 10), (0.01, 0.05, 200)])
def test_sampling_never_asks_for_more_noise_and_little_epsilon_is_counted_finely(
    epsilon: float, rate: float, steps: int
) -> None:
    """With much noise a sampled step is nearly a Gaussian one of rate times the shift."""
    everybody = noise_multiplier(epsilon=epsilon, delta=1e-6, rate=1.0, steps=steps)
    found = noise_multiplier(epsilon=epsilon, delta=1e-6, rate=rate, steps=steps)
    assert rate * everybody < found < 1.01 * rate * everybody
    assert epsilon_of(multiplier=found, delta=1e-6, rate=rate, steps=steps) <= epsilon


def test_what_cannot_be_is_refused() -> None:
    good = {"epsilon": 1.0, "delta": 1e-5, "rate": 0.1, "steps": 10}
    for name, value, said in (
        ("delta", 0.0, "delta is 0.0"),
        ("rate", 1.5, "rate is 1.5"),
        ("rate", math.nan, "rate is nan"),
        ("epsilon", 0.0, "epsilon 0.0"),
        ("steps", 0, "0 steps"),
    ):
        with pytest.raises(PromiseError, match=said):
            noise_multiplier(**(good | {name: value}))
    with pytest.raises(PromiseError, match="multiplier is -1"):
        epsilon_of(multiplier=-1.0, delta=1e-5, rate=0.1, steps=10)
    assert epsilon_of(multiplier=1.0, delta=1e-5, rate=0.1, steps=0) == 0
