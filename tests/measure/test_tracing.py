"""Theory of tracing: closed forms and their inverse; that attacks reach them is tested with the game."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from confide.core.errors import DataError
from confide.measure.tracing import most_statistics, power, separation


def test_the_separation_is_that_of_a_normal_model():
    """Normal data, infinite reference: mean and deviation of <x, mean> by hand, m/n over sqrt(m/n)."""
    assert separation(400, 100) == pytest.approx(2.0)
    assert separation(400, 100, reference=50) == pytest.approx(2 / np.sqrt(3))
    assert separation(0, 5) == 0


def test_power_is_the_normal_tail():
    for d, f in ((0.0, 0.01), (2.0, 0.05), (5.0, 1e-3)):
        assert power(d, f) == pytest.approx(norm.sf(norm.isf(f) - d), rel=1e-9)


@pytest.mark.parametrize("reference", [50.0, 200.0, float("inf")])
@pytest.mark.parametrize("most", [0.02, 0.05, 0.5, 0.95])
def test_the_largest_number_of_statistics_is_the_last_below_the_power(most, reference):
    m = most_statistics(100, most=most, fpr=0.01, reference=reference)
    here, next_ = (power(separation(k, 100, reference=reference), 0.01) for k in (m, m + 1))
    assert here <= most + 1e-9 < next_


def test_no_statistic_is_few_enough_for_a_power_below_the_rate():
    assert most_statistics(100, most=0.005, fpr=0.01) == 0


def test_a_measured_separation_moves_the_number():
    assert most_statistics(100, most=0.5, ratio=2.0) == pytest.approx(
        most_statistics(100, most=0.5) / 4, abs=1
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: separation(-1, 10),
        lambda: separation(10, 0),
        lambda: separation(10, float("nan")),
        lambda: power(1.0, 0.0),
        lambda: most_statistics(10, most=1.0),
        lambda: most_statistics(10, most=0.5, fpr=2.0),
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(DataError, match="theory of tracing needs"):
        wrong()
