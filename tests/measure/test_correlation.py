"""Pearson's r and Fisher's interval: against scipy, and its coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from confide.measure.correlation import pearson


@pytest.mark.parametrize("n", [4, 30, 500])
def test_is_scipys(n: int) -> None:
    x, noise = np.random.default_rng(n).normal(size=(2, n))
    found, reference = pearson(x, x + noise, confidence=0.9), stats.pearsonr(x, x + noise)
    interval = reference.confidence_interval(0.9)
    assert (found.value, found.low, found.high) == pytest.approx((reference.statistic, *interval))


def test_holds_the_truth_as_often_as_it_says() -> None:
    """Of 2,000 intervals at 90 %, 1,800 ± 4.5 standard deviations (60) hold: wrong 7 times in a million."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2_000):
        x, noise = rng.normal(size=(2, 60))
        found = pearson(x, 0.5 * x + np.sqrt(0.75) * noise, confidence=0.9)
        held += found.low <= 0.5 <= found.high
    assert abs(held - 1_800) < 61


def test_says_nothing_where_nothing_varies_or_hardly_anybody_is() -> None:
    assert np.isnan(pearson(np.ones(9), np.arange(9.0)).value)
    assert np.isnan(pearson(np.ones(1), np.ones(1)).value)
    few = pearson(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 3.0]))
    assert (few.low, few.high) == (-1.0, 1.0)
    assert pearson(np.arange(9.0), -np.arange(9.0)).value == -1
