"""Intervals: exact coverage by enumeration, and hand-computed limits."""

from math import comb

import numpy as np
import pytest

from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.intervals import (
    clopper_pearson,
    difference,
    difference_of_dependent,
    lower_limit,
    mean,
    proportion,
    upper_limit,
)


def pmf(n: int, p: float) -> np.ndarray:
    return np.array([comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_clopper_pearson_covers_at_every_rate(n: int, confidence: float) -> None:
    low, high = clopper_pearson(np.arange(n + 1), n, confidence=confidence)
    narrow_low, narrow_high = clopper_pearson(np.arange(n + 1), n, confidence=confidence - 0.3)
    missed_by_narrow = 0
    for p in np.linspace(0.001, 0.999, 97):
        chances = pmf(n, p)
        assert chances[(low <= p) & (p <= high)].sum() >= confidence - 1e-12
        assert chances[low > p].sum() <= (1 - confidence) / 2 + 1e-12
        assert chances[high < p].sum() <= (1 - confidence) / 2 + 1e-12
        missed_by_narrow += chances[(narrow_low <= p) & (p <= narrow_high)].sum() < confidence
    assert missed_by_narrow > 0 or n == 1, "this test could not have failed"


def test_limits_in_closed_form() -> None:
    assert upper_limit(0, 20, confidence=0.95) == pytest.approx(1 - 0.05 ** (1 / 20))
    assert lower_limit(20, 20, confidence=0.95) == pytest.approx(0.05 ** (1 / 20))
    assert lower_limit(0, 20, confidence=0.95) == 0
    assert upper_limit(20, 20, confidence=0.95) == 1
    low, high = clopper_pearson([0, 0], [0, 5], confidence=0.95)
    assert low.tolist() == [0, 0]
    assert high[0] == 1
    assert np.isnan(proportion(0, 0, confidence=0.95).value)


def test_limits_solve_the_binomial_equation() -> None:
    low, high = clopper_pearson(13, 50, confidence=0.95)
    assert pmf(50, float(low))[13:].sum() == pytest.approx(0.025)
    assert pmf(50, float(high))[:14].sum() == pytest.approx(0.025)


def test_difference_covers() -> None:
    """Exact coverage of the nominal 95 % by enumeration: conservative limits keep it above 94 %."""
    n, m = 30, 20
    first = [proportion(k, n, confidence=0.95) for k in range(n + 1)]
    second = [proportion(k, m, confidence=0.95) for k in range(m + 1)]
    both = [[difference(a, b) for b in second] for a in first]
    low = np.array([[d.low for d in row] for row in both])
    high = np.array([[d.high for d in row] for row in both])
    for p in (0.02, 0.3, 0.5, 0.9):
        for q in (0.02, 0.5, 0.8):
            chances = np.outer(pmf(n, p), pmf(m, q))
            assert chances[(low <= p - q) & (p - q <= high)].sum() >= 0.94


def test_difference_by_hand() -> None:
    got = difference(Estimate(0.5, 0.4, 0.7, 0.95), Estimate(0.2, 0.17, 0.24, 0.95))
    assert (got.value, got.low, got.high) == pytest.approx(
        (0.3, 0.3 - np.hypot(0.1, 0.04), 0.3 + np.hypot(0.2, 0.03))
    )


def both_ways(p: float, q: float, n: int) -> dict[str, np.ndarray]:
    """P[first, second] of two counts of n people each, with rates p >= q, under three kinds of dependence.

    Nested: everybody found second was found first. Apart (p + q <= 1): nobody is found twice.
    """
    nested, apart = np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1))
    for k in range(n + 1):
        for m in range(n + 1 - k):
            many = comb(n, k) * comb(n - k, m)
            apart[k, m] = many * p**k * q**m * (1 - p - q) ** (n - k - m)
            nested[k + m, m] = many * (p - q) ** k * q**m * (1 - p) ** (n - k - m)
    return {"independent": np.outer(pmf(n, p), pmf(n, q)), "nested": nested, "apart": apart}


def test_a_difference_of_dependent_rates_covers_whatever_the_dependence() -> None:
    """Exact coverage by enumeration: two intervals at 97.5 % give one at 95 %, for any joint law.

    The interval for independent ones is conservative where both rates rise together and fails where one
    rises as the other falls: if it did not, this test could not have failed.
    """
    n, seldom = 40, 1.0
    both = [[proportion(k, n, confidence=c) for k in range(n + 1)] for c in (0.975, 0.95)]
    wide = [[difference_of_dependent(a, b) for b in both[0]] for a in both[0]]
    narrow = [[difference(a, b) for b in both[1]] for a in both[1]]
    for p, q in ((0.5, 0.5), (0.3, 0.3), (0.6, 0.2), (0.4, 0.1), (0.2, 0.02), (0.9, 0.05)):
        for law, chances in both_ways(p, q, n).items():
            assert chances.sum() == pytest.approx(1)
            found = {
                name: sum(
                    chances[i, j]
                    for i in range(n + 1)
                    for j in range(n + 1)
                    if rows[i][j].low <= p - q <= rows[i][j].high
                )
                for name, rows in (("wide", wide), ("narrow", narrow))
            }
            assert found["wide"] >= 0.95, (p, q, law)
            assert law == "apart" or found["narrow"] >= 0.94, (p, q, law)
            seldom = min(seldom, found["narrow"])
    assert seldom < 0.9, "the narrower interval would have done"


def test_a_difference_of_dependent_rates_by_hand() -> None:
    got = difference_of_dependent(Estimate(0.5, 0.4, 0.7, 0.975), Estimate(0.2, 0.17, 0.24, 0.99))
    assert (got.value, got.low, got.high) == pytest.approx((0.3, 0.16, 0.53))
    assert got.confidence == pytest.approx(0.965)


def test_mean_over_worlds_knows_that_worlds_differ() -> None:
    """Rates that vary from world to world: the t-interval covers the mean of worlds, pooling does not.

    1000 repeats of a nominal 95 %; at a true 93 % fewer than 890 occur once in 1e6.
    """
    rng = np.random.default_rng(3)
    covered = pooled = 0
    for _ in range(1000):
        hits = rng.binomial(100, np.clip(rng.normal(0.4, 0.1, 8), 0, 1))
        got = mean([proportion(int(k), 100, confidence=0.95) for k in hits])
        covered += got.low <= 0.4 <= got.high
        flat = proportion(int(hits.sum()), 800, confidence=0.95)
        pooled += flat.low <= 0.4 <= flat.high
    assert covered >= 890
    assert pooled < 800, "this test could not have failed"


def test_mean_of_equal_worlds_keeps_an_interval() -> None:
    got = mean([proportion(0, 100, confidence=0.95)] * 5)
    assert got.value == got.low == 0
    assert 0.003 < got.high < 0.04


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_out_of_range_is_named(confidence: float) -> None:
    with pytest.raises(EvidenceError, match=f"confidence is {confidence}"):
        clopper_pearson(1, 2, confidence=confidence)
