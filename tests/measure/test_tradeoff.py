"""Trade-off curves are those of the best tests there are, and rebuilding stays below them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import laplace, norm

from confide.core.errors import EvidenceError
from confide.measure.tradeoff import (
    GaussianCurve,
    LaplaceCurve,
    ProfileCurve,
    PromiseCurve,
    gaussian_mu_for,
    gaussian_mu_within,
)

RATES = (1e-6, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.77, 0.999)


@pytest.mark.parametrize("mu", [0.05, 0.27, 1.0, 4.0])
def test_the_gaussian_curve_is_the_threshold_test_of_two_normals(mu: float):
    for fpr in RATES:
        assert GaussianCurve(mu).tpr(fpr) == pytest.approx(norm.sf(norm.isf(fpr) - mu), rel=1e-9)


@pytest.mark.parametrize("epsilon", [0.05, 0.7, 1.0, 4.0])
def test_the_laplace_curve_is_the_threshold_test_of_two_laplace_laws(epsilon: float):
    """The likelihood ratio rises with the number, so that the best test is a threshold (Neyman, Pearson)."""
    for fpr in RATES:
        expected = laplace.sf(laplace.isf(fpr) - epsilon)
        assert LaplaceCurve(epsilon).tpr(fpr) == pytest.approx(expected, rel=1e-9)


def best_test(p: np.ndarray, q: np.ndarray, fpr: float) -> float:
    """The largest P of a set of chance fpr under Q, sorted by the ratio, the last outcome in part."""
    order = np.argsort(-np.where(q > 0, p / np.where(q > 0, q, 1), np.inf))
    found = 0.0
    for i in order:
        part = 1.0 if q[i] <= fpr else fpr / q[i]
        found, fpr = found + part * p[i], fpr - part * q[i]
    return found


@pytest.mark.parametrize(("epsilon", "delta"), [(0.5, 0.0), (1.0, 1e-5), (2.0, 0.1)])
def test_the_curve_of_a_promise_is_reached_by_its_worst_mechanism(epsilon: float, delta: float):
    """With chance delta it tells, else it answers at random in the ratio e^epsilon (Kairouz et al. 2015)."""
    right = math.exp(epsilon) / (1 + math.exp(epsilon))
    p = np.array([delta, (1 - delta) * right, (1 - delta) * (1 - right), 0.0])
    for fpr in RATES:
        expected = best_test(p, p[::-1].copy(), fpr)
        assert PromiseCurve(epsilon, delta).tpr(fpr) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mu", [0.27, 1.0, 3.0])
def test_a_profile_gives_its_curve_back_never_below_it(mu: float):
    """Of normal noise both are known in closed form; epsilons between the grid's cost under two per cent."""

    def delta_of(epsilon: float) -> float:
        return norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)

    curve = ProfileCurve.of(delta_of)
    for fpr in RATES:
        exact = GaussianCurve(mu).tpr(fpr)
        assert exact * (1 - 1e-9) <= curve.tpr(fpr) <= 1.02 * exact


def test_curves_rise_with_false_alarms_and_with_the_promise():
    for curves in (
        [GaussianCurve(m) for m in (0.0, 0.3, 1.0, 3.0)],
        [LaplaceCurve(e) for e in (0.0, 0.3, 1.0, 3.0)],
        [PromiseCurve(e, 1e-5) for e in (0.0, 0.3, 1.0, 3.0)],
    ):
        table = np.array([[c.tpr(f) for f in (0.0, *RATES, 1.0)] for c in curves])
        assert (np.diff(table, axis=0) >= 0).all() and (np.diff(table, axis=1) >= 0).all()
        assert table[0, 1:-1] == pytest.approx(RATES, abs=2e-5)  # no epsilon: guessing, but for delta
        assert (table[:, -1] == 1).all()


@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-6), (1.0, 1e-5), (8.0, 1e-3)])
def test_no_curve_of_normal_noise_is_above_that_of_its_promise(epsilon: float, delta: float):
    mu = gaussian_mu_for(epsilon, delta)
    profile = norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)
    assert profile == pytest.approx(delta, rel=1e-3)
    for fpr in RATES:
        assert GaussianCurve(mu).tpr(fpr) <= PromiseCurve(epsilon, delta).tpr(fpr) + 1e-12


def test_a_limit_is_reached_exactly():
    mu = gaussian_mu_within(0.03, 0.01)
    assert GaussianCurve(mu).tpr(0.01) == pytest.approx(0.03, rel=1e-9)
    assert mu == pytest.approx(norm.ppf(0.03) - norm.ppf(0.01))


@pytest.mark.parametrize("shift", [0.3, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("records", [2, 10, 1_000])
def test_the_best_rebuilding_of_one_of_many_records_stays_below_the_curve(records: int, shift: float):
    """A record is one of k orthogonal ones, its sum is released with normal noise: the best guess is known.

    It names the largest number, and is right with chance integral phi(x - mu) Phi(x)^(k - 1). Each record is
    guessed right with chance 1/k before. For two the bound holds with room, as the other record is another
    one and not none.
    """
    right = quad(lambda x: norm.pdf(x - shift) * norm.cdf(x) ** (records - 1), -10, 20, limit=200)[0]
    bound = GaussianCurve(shift).tpr(1 / records)
    assert 1 / records < right <= bound
    if records >= 10:
        assert right >= 0.7 * bound, "and the bound says something"


@pytest.mark.parametrize(
    "made",
    [
        lambda: GaussianCurve(-1.0),
        lambda: LaplaceCurve(math.inf),
        lambda: PromiseCurve(1.0, 1.0),
        lambda: GaussianCurve(1.0).tpr(1.5),
        lambda: gaussian_mu_for(0.0, 1e-5),
        lambda: gaussian_mu_within(0.01, 0.02),
        lambda: ProfileCurve(np.zeros(0), np.zeros(0)),
    ],
)
def test_what_is_no_rate_and_no_promise_is_refused(made):
    with pytest.raises(EvidenceError, match="give"):
        made()
