"""Binomial noise in shares: what is promised of it against sums over all outcomes, and a twin."""

import math

import numpy as np
import pytest
from scipy.stats import binom, chisquare

from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.mechanisms.noise.source import words_of
from confide.mechanisms.share.joint.binomial import BinomialNoise, below, binomial, hidden
from confide.mechanisms.share.joint.noise import JointNoise

BUDGET = Budget(1.0, 1e-6)
TERMS = {"budget": BUDGET, "sensitivity": 1.0, "words": 4, "parties": 3, "colluding": 1}


def chances(coins, moved):
    """P(Y = y) and P(Y + moved = y), y in order, by the binomial formula in whole numbers."""
    law = [math.comb(coins, ones) / 2**coins for ones in range(coins + 1)]
    return np.array([*law, *[0.0] * moved]), np.array([*[0.0] * moved, *law])


def delta_of(coins, moved, epsilon):
    """The smallest delta for a vector that is moved by these steps, by all outcomes of its coins."""
    there, away = np.ones(1), np.ones(1)
    for step in moved:
        one, two = chances(coins, step)
        there, away = np.outer(there, one).ravel(), np.outer(away, two).ravel()
    return np.maximum(there - math.exp(epsilon) * away, 0).sum()


def test_the_law_is_the_binomial():
    chance, tail = below(200)
    ones = 100 - np.arange(len(chance))
    np.testing.assert_allclose(chance, [math.comb(200, int(one)) / 2**200 for one in ones], rtol=1e-12)
    np.testing.assert_allclose(tail, binom.cdf(ones, 200, 0.5), rtol=1e-10)


@pytest.mark.parametrize("moved", [(1,), (6,), (3, 4), (1, 2, 2)])
@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
def test_all_outcomes_keep_what_the_normal_noise_keeps(moved, epsilon):
    coins, far = 120, sum(step**2 for step in moved) ** 0.5
    deviation, lost = hidden(coins, moved=int(np.ceil(far)), lost=1e-6)
    exact = delta_of(coins, moved, epsilon)
    assert exact <= gaussian_delta(epsilon, sigma=deviation, sensitivity=far) + len(moved) * lost
    # It is no loose bound: noise that is a tenth wider would promise too much.
    if exact > 1e-4:
        assert exact > gaussian_delta(epsilon, sigma=1.1 * deviation, sensitivity=far)


def test_the_honest_alone_keep_the_budget_by_the_closed_form_and_hardly_more_than_it():
    noise = BinomialNoise(**{**TERMS, "words": 1})
    coins, moved = noise.coins.words * 62, noise.coins.moved

    def delta(parties):  # the likelihood ratio falls: the best test is a threshold
        middle, wide = parties * coins // 2, 6 * math.isqrt(parties * coins)  # twelve deviations
        ends = np.arange(middle - wide, middle + wide)
        here, moved_away = (binom.cdf(ends - by, parties * coins, 0.5) for by in (0, moved))
        return (here - np.e * moved_away).max()

    assert 0.99e-6 < delta(noise.honest) <= 1e-6
    assert delta(1) > 1e-4  # the twin: noise by one party, the other honest one adds none


def test_it_costs_a_hundredth_more_than_discrete_gaussian_noise():
    one, two = BinomialNoise(**TERMS), JointNoise(**TERMS)
    assert 1 < one.deviation / two.deviation < 1.01
    assert one.rho == pytest.approx(two.rho, rel=1e-3)
    assert 0 < one.lost <= 1e-3 * 1.001 * BUDGET.delta
    assert one.widest * one.parties < 2**62


def test_draws_follow_the_law_for_any_source():
    for noise, rng in (("secure", None), ("rehearsal", np.random.default_rng(5))):
        drawn = binomial(20_000, words_each=1, words=words_of(noise, rng))
        law = binom.pmf(np.arange(63), 62, 0.5)
        counts = np.bincount(drawn + 31, minlength=63)
        middle = slice(20, 43)  # each expected 70 times or more; the rest is one more class
        seen, wanted = counts[middle], law[middle] * len(drawn)
        pair = [*seen, len(drawn) - seen.sum()], [*wanted, len(drawn) - wanted.sum()]
        assert chisquare(*pair).pvalue > 1e-5  # alarms falsely once in 100,000


def test_more_coins_than_a_party_can_throw_are_refused():
    with pytest.raises(PromiseError, match='leave noise = "binomial" out'):
        BinomialNoise(**{**TERMS, "words": 100_000})
