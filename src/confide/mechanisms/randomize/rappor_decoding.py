"""Decoding of RAPPOR reports: LASSO chooses among candidate values, least squares tests them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import cast

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.frequencies import Frequencies, on_simplex
from confide.measure.intervals import check_confidence
from confide.measure.special import normal_quantile
from confide.mechanisms.randomize.rappor import Rappor
from confide.views.table import Table


def decode(
    mechanism: Rappor, released: Table, candidates: Sequence[str], *, confidence: float = 0.95
) -> Frequencies:
    """The frequencies of those candidates that the reports show to occur.

    The share of people in a cohort whose filter has a bit set is (reported share - p*) / (q* - p*), without
    bias. Over all cohorts and bits it is the sum of the frequencies of the values that set this bit. LASSO
    with coefficients of at least 0 leaves some candidates; least squares estimates these. One is found to
    occur if its frequency is above 0 by a test at (1 - confidence) / (number of candidates), which is
    Bonferroni's correction. The errors come from how reports of a cohort vary together, because bits that
    one value sets are not independent.

    What is not among the candidates is not found, and the frequencies of others are too large where its
    filter meets theirs.

    Args:
        mechanism: that made the release.
        candidates: values as text.

    Returns:
        those found, the most frequent first; the intervals are simultaneous for all candidates.

    Raises:
        EvidenceError: if a candidate stands there twice, there are more of them than bits in all cohorts, or
            a cohort has fewer than two people.

    Source: Erlingsson et al. 2014, section 4.
    """
    check_confidence(confidence)
    if len(set(candidates)) < len(candidates) or not candidates:
        raise EvidenceError(f"{len(candidates)} candidates, some of them twice or none: give each once.")
    cohort, bits = mechanism.reported(released)
    people = np.bincount(cohort, minlength=mechanism.cohorts)
    if people.min() < 2:
        raise EvidenceError(f"a cohort has {people.min()} people: give more, or fewer cohorts.")
    q, p = mechanism.shares
    shares = np.array([bits[cohort == c].mean(0) for c in range(mechanism.cohorts)])
    y = ((shares - p) / (q - p)).ravel()
    # [cohorts x b, candidates]
    x = mechanism.filters(tuple(candidates)).transpose(0, 2, 1).reshape(-1, len(candidates)).astype(np.float64)
    chosen = _chosen(x, y)
    if not len(chosen):
        return Frequencies((), (), np.zeros(0))
    if np.linalg.matrix_rank(x[:, chosen]) < len(chosen):
        raise EvidenceError(
            f"{len(chosen)} candidates cannot be told apart by {len(y)} bits: give fewer, or more bits or cohorts."
        )
    undo = np.linalg.pinv(x[:, chosen])
    value, error = undo @ y, _errors(undo, cohort, bits) / (q - p)
    # Two-sided intervals of all candidates, hence one-sided tests at half of the error.
    reach = float(normal_quantile(1 - (1 - confidence) / (2 * len(candidates)))) * error
    found = [i for i in np.argsort(-value) if value[i] - reach[i] > 0]
    return Frequencies(
        tuple(candidates[chosen[i]] for i in found),
        tuple(
            Estimate(float(value[i]), float(value[i] - reach[i]), float(value[i] + reach[i]), confidence)
            for i in found
        ),
        # Other values may exist: the shares need not add up to 1, only to no more.
        _at_most_one(np.maximum(value[found], 0.0)),
    )


def _chosen(x: Floats, y: Floats) -> Ints:
    """The candidates that LASSO leaves, its penalty chosen by cross-validation with a fixed cut."""
    order = np.random.default_rng(0).permutation(len(y))  # bits of all cohorts in each part
    lasso = LassoCV(positive=True, cv=5, fit_intercept=False, max_iter=5_000)
    with warnings.catch_warnings():
        # It only chooses; least squares comes after.
        warnings.simplefilter("ignore", ConvergenceWarning)
        lasso.fit(x[order], y[order])
    return np.flatnonzero(cast(Array, lasso.coef_) > 0)


def _errors(undo: Floats, cohort: Ints, bits: Bools) -> Floats:
    """The standard errors of `undo` times the reported shares, from each cohort's covariance of bits."""
    b = bits.shape[1]
    variance = np.zeros(len(undo))
    for c in range(int(cohort.max()) + 1):
        seen = bits[cohort == c].astype(np.float64)
        parts = seen @ undo[:, c * b : (c + 1) * b].T
        variance += parts.var(0, ddof=1) / len(seen)
    return np.sqrt(variance)


def _at_most_one(shares: Floats) -> Floats:
    return on_simplex(shares) if shares.sum() > 1 else shares
