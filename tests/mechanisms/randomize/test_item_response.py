"""Randomised response on items keeps its promise: the distribution, a test with power, and a broken twin."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.measure import clopper_pearson
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.words import rehearsal_words
from confide.mechanisms.randomize.item_response import LEAST, RandomisedResponse, _heads
from confide.views.interactions import Interactions


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def outputs(epsilon: float, pairs: list[int], *, times: int, noise: str, seed: int = 0) -> np.ndarray:
    """How often each of the 8 released sets comes from one person with these of 3 items: `times` people."""
    person = np.repeat(np.arange(times), len(pairs))
    data = Interactions.of(person, np.tile(pairs, times), people=times, items=3)
    view = RandomisedResponse(budget=Budget(epsilon), noise=noise)(data, rng=rng(seed)).view
    code = np.bincount(view.person, 2.0**view.item, minlength=times).astype(np.int64)
    return np.bincount(code, minlength=8)


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
@pytest.mark.parametrize("epsilon", [0.0, 0.7, 3.0])
def test_every_released_set_has_its_probability(epsilon: float, noise: str):
    """Chi-square over the 8 sets of 200,000 people; a false alarm in a million runs."""
    truth = math.exp(epsilon) / (1 + math.exp(epsilon))
    expected = [
        math.prod(truth if bool(code >> i & 1) == (i in (0, 2)) else 1 - truth for i in range(3))
        for code in range(8)
    ]
    found = outputs(epsilon, [0, 2], times=200_000, noise=noise)
    assert chisquare(found, 200_000 * np.array(expected)).pvalue > 1e-6


def keeps(promised: float, actual: float, times: int = 400_000) -> bool:
    """Is no set likelier under a neighbour by more than e^promised, with Clopper-Pearson's margin at 1e-6?"""
    one = outputs(actual, [0, 2], times=times, noise="rehearsal", seed=1)
    other = outputs(actual, [0], times=times, noise="rehearsal", seed=2)
    for a, b in ((one, other), (other, one)):
        low = clopper_pearson(a, times, confidence=1 - 1e-6)[0]
        high = clopper_pearson(b, times, confidence=1 - 1e-6)[1]
        if (low > math.exp(promised) * high).any():
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_neighbours_stay_within_the_promise_and_half_the_noise_does_not(epsilon: float):
    assert keeps(epsilon, epsilon)
    assert not keeps(epsilon, 2 * epsilon), "the same test sees a mechanism that keeps twice the epsilon"
    assert not keeps(epsilon, 1.15 * epsilon), "and one that is a seventh off"


@pytest.mark.slow
def test_jumps_are_independent_coins():
    """Heads are as many as a binomial has, anywhere, and the last toss counts like the first."""
    for tosses, share in ((7, 0.5), (1000, 0.01)):
        seen = np.zeros(tosses)
        for child in rng(4).spawn(4000):
            found = _heads(tosses, rate_below(-math.log1p(-share)), rehearsal_words(child))
            assert (np.diff(found) > 0).all()
            seen[found] += 1
        assert binomtest(int(seen.sum()), 4000 * tosses, share).pvalue > 1e-6
        assert binomtest(int(seen[0]), 4000, share).pvalue > 1e-6
        assert binomtest(int(seen[-1]), 4000, share).pvalue > 1e-6


def test_secure_noise_cannot_be_replayed_and_a_rehearsal_can():
    data = Interactions.of(np.arange(50), np.arange(50))
    secure, rehearsed = (RandomisedResponse(budget=Budget(1.0), noise=n) for n in ("secure", "rehearsal"))
    digests = {secure(data, rng=rng(1)).view.digest() for _ in range(3)}
    assert len(digests) == 3
    assert rehearsed(data, rng=rng(1)).view.digest() == rehearsed(data, rng=rng(1)).view.digest()


def test_ratings_and_dates_are_left_out_and_the_empty_stays_possible():
    data = Interactions.of(np.array([0]), np.array([0]), rating=np.array([3]), day=np.array([9]))
    view = RandomisedResponse(budget=Budget(1.0))(data, rng=rng()).view
    assert view.rating is None and view.day is None
    nobody = Interactions.of(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert len(RandomisedResponse(budget=Budget(1.0))(nobody, rng=rng()).view) == 0


def test_refuses_what_it_cannot_keep():
    with pytest.raises(PromiseError, match="any one record"):
        RandomisedResponse(budget=Budget(1.0, unit=Unit.client()))
    with pytest.raises(PromiseError, match="delta 0"):
        RandomisedResponse(budget=Budget(1.0, 1e-5))
    with pytest.raises(PromiseError, match="secure"):
        dataclasses.replace(RandomisedResponse(budget=Budget(1.0)), noise="loud")


@pytest.mark.parametrize("epsilon", [0.0, 1e-12, 2.0**-30, 0.7, 20.0, 27.0, 50.0, 700.0])
def test_the_chances_keep_the_promise_as_fractions(epsilon: float):
    """Both ratios of the proof, to 400 digits: also where 53 bits would not hold an invention's chance."""
    made = RandomisedResponse(budget=Budget(epsilon))
    with localcontext() as context:
        context.prec = 400
        t = Decimal(made.rate.numerator) / made.rate.denominator
        invented = 1 - (-t).exp()
        most = Decimal(epsilon).exp()
        assert (1 - invented) / invented <= most
        assert invented / (1 - invented) <= most or epsilon < LEAST
        if epsilon <= 20:
            assert invented == pytest.approx(1 / (1 + most), rel=Decimal("1e-3"))


def test_an_epsilon_of_nearly_nothing_does_not_look_at_the_pairs():
    data = Interactions.of(np.arange(50), np.arange(50))
    other = Interactions.of(np.zeros(0, np.int64), np.zeros(0, np.int64), people=50, items=50)
    made = RandomisedResponse(budget=Budget(0.0), noise="rehearsal")
    views = [made(d, rng=rng()).view for d in (data, other)]
    assert views[0].digest() == views[1].digest()
