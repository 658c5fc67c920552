"""Decoding of RAPPOR reports: LASSO chooses among candidate values, least squares tests them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
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


def frequencies_of(
    mechanism: Rappor, released: Table, candidates: Sequence[str], *, confidence: float = 0.95
) -> Frequencies:
    """The frequencies of candidates of which everybody has one, by least squares and without bias.

    The share of people in a cohort whose filter has a bit set is (reported share - p*) / (q* - p*), without
    bias. Over all cohorts and bits it is the sum of the frequencies of the values that set this bit. The
    errors come from how reports of a cohort vary together, because bits that one value sets are not
    independent.

    Args:
        mechanism: that made the release.
        candidates: values as text.

    Raises:
        EvidenceError: if a candidate stands there twice, they cannot be told apart, or a cohort has fewer
            than two people.

    Source: Erlingsson et al. 2014, section 4.
    """
    check_confidence(confidence)
    value, error = _Reports.of(mechanism, released, candidates).fitted(np.arange(len(candidates)))
    reach = float(normal_quantile((1 + confidence) / 2)) * error
    return _made(tuple(candidates), value, reach, confidence)


def decode(
    mechanism: Rappor, released: Table, candidates: Sequence[str], *, confidence: float = 0.95
) -> Frequencies:
    """The frequencies of those candidates that the reports show to occur.

    LASSO with coefficients of at least 0 leaves some candidates; least squares estimates these, as in
    `frequencies_of`. One is found to occur if its frequency is above 0 by a test at (1 - confidence) /
    (number of candidates), which is Bonferroni's correction.

    What is not among the candidates is not found, and the frequencies of others are too large where its
    filter meets theirs.

    Args:
        mechanism: that made the release.
        candidates: values as text.

    Returns:
        those found, the most frequent first; the intervals are simultaneous for all candidates.

    Raises:
        EvidenceError: as `frequencies_of`.

    Source: Erlingsson et al. 2014, section 4.
    """
    check_confidence(confidence)
    reports = _Reports.of(mechanism, released, candidates)
    chosen = _chosen(reports.x, reports.y)
    if not len(chosen):
        return Frequencies((), (), np.zeros(0))
    value, error = reports.fitted(chosen)
    # Two-sided intervals of all candidates: tests whether a frequency is above 0 at half of the error.
    reach = float(normal_quantile(1 - (1 - confidence) / (2 * len(candidates)))) * error
    found = np.array([i for i in np.argsort(-value) if value[i] > reach[i]], np.int64)
    return _made([candidates[int(i)] for i in chosen[found]], value[found], reach[found], confidence)


@dataclass(frozen=True, slots=True, eq=False)
class _Reports:
    """Reports as a linear model, y = x (frequencies) + noise.

    Args:
        x: float64[cohorts x b, candidates], whether a candidate sets a bit.
        y: float64[cohorts x b], the unbiased share of people whose filter has a bit set.
        cohort: int64[n], of each person.
        bits: bool[n, b], that they reported.
        gap: q* - p*.
    """

    x: Floats
    y: Floats
    cohort: Ints
    bits: Bools
    gap: float

    @classmethod
    def of(cls, mechanism: Rappor, released: Table, candidates: Sequence[str]) -> _Reports:
        if len(set(candidates)) < len(candidates) or not candidates:
            raise EvidenceError(f"{len(candidates)} candidates, some of them twice or none: give each once.")
        cohort, bits = mechanism.reported(released)
        people = np.bincount(cohort, minlength=mechanism.cohorts)
        if people.min() < 2:
            raise EvidenceError(f"a cohort has {people.min()} people: give more, or fewer cohorts.")
        q, p = mechanism.shares
        shares = np.array([bits[cohort == c].mean(0) for c in range(mechanism.cohorts)])
        sets = mechanism.filters(tuple(candidates)).transpose(0, 2, 1).reshape(-1, len(candidates))
        return cls(sets.astype(np.float64), ((shares - p) / (q - p)).ravel(), cohort, bits, q - p)

    def fitted(self, chosen: Ints) -> tuple[Floats, Floats]:
        """The frequencies of these candidates by least squares, and their standard errors."""
        if np.linalg.matrix_rank(self.x[:, chosen]) < len(chosen):
            raise EvidenceError(
                f"{len(chosen)} candidates cannot be told apart by {len(self.y)} bits: give fewer, or more "
                "bits or cohorts."
            )
        undo, b = np.linalg.pinv(self.x[:, chosen]), self.bits.shape[1]
        variance = np.zeros(len(chosen))
        for c in range(len(self.y) // b):
            seen = self.bits[self.cohort == c].astype(np.float64) @ undo[:, c * b : (c + 1) * b].T
            variance += seen.var(0, ddof=1) / len(seen)
        return undo @ self.y, np.sqrt(variance) / self.gap


def _chosen(x: Floats, y: Floats) -> Ints:
    """The candidates that LASSO leaves, its penalty chosen by cross-validation with a fixed cut."""
    order = np.random.default_rng(0).permutation(len(y))  # bits of all cohorts in each part
    lasso = LassoCV(positive=True, cv=5, fit_intercept=False, max_iter=5_000)
    with warnings.catch_warnings():
        # It only chooses; least squares comes after.
        warnings.simplefilter("ignore", ConvergenceWarning)
        lasso.fit(x[order], y[order])
    return np.flatnonzero(cast(Array, lasso.coef_) > 0)


def _made(values: Sequence[str], value: Floats, reach: Floats, confidence: float) -> Frequencies:
    unbiased = tuple(
        Estimate(float(v), float(v - r), float(v + r), confidence) for v, r in zip(value, reach, strict=True)
    )
    # Other values may exist: the shares need not add up to 1, only to no more.
    above = np.maximum(value, 0.0)
    return Frequencies(tuple(values), unbiased, on_simplex(value) if above.sum() > 1 else above)
