"""Confidence intervals of rates, differences and means."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.special import beta_quantile, t_quantile


def check_confidence(confidence: float) -> float:
    """Check that a number can be a confidence, and return it.

    Raises:
        EvidenceError: if it is not strictly between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise EvidenceError(f"confidence is {confidence}; give a number between 0 and 1, such as 0.95.")
    return confidence


def lower_limit(hits: ArrayLike, of: ArrayLike, *, confidence: float) -> Floats:
    """The one-sided lower Clopper-Pearson limit of the true rate; 0 where nothing was hit or tried."""
    k, n = np.asarray(hits, np.float64), np.asarray(of, np.float64)
    # A Beta law needs positive parameters; where there is no hit the next line replaces the value.
    low = beta_quantile(1 - confidence, np.maximum(k, 1e-300), n - k + 1)
    return np.where(k <= 0, 0.0, low)


def upper_limit(hits: ArrayLike, of: ArrayLike, *, confidence: float) -> Floats:
    """The one-sided upper Clopper-Pearson limit of the true rate; 1 where all were hit or none tried.

    >>> round(float(upper_limit(0, 100, confidence=0.95)), 4)  # the rule of three
    0.0295
    """
    k, n = np.asarray(hits, np.float64), np.asarray(of, np.float64)
    high = beta_quantile(confidence, k + 1, np.maximum(n - k, 1e-300))
    return np.where(k >= n, 1.0, high)


def clopper_pearson(hits: ArrayLike, of: ArrayLike, *, confidence: float) -> tuple[Floats, Floats]:
    """The exact two-sided interval of a rate, (low, high), elementwise.

    For every true rate, each end is wrong with probability at most (1 - confidence) / 2 [Clopper and
    Pearson 1934]. `hits` may be fractional (ties count half).
    """
    side = (1 + check_confidence(confidence)) / 2
    return lower_limit(hits, of, confidence=side), upper_limit(hits, of, confidence=side)


def proportion(hits: float, of: float, *, confidence: float) -> Estimate:
    """A rate with its Clopper-Pearson interval; the value is NaN if nothing was tried.

    >>> str(proportion(31, 100, confidence=0.95))
    '0.310 [0.221, 0.410] at 95%'
    """
    low, high = clopper_pearson(hits, of, confidence=confidence)
    return Estimate(hits / of if of else nan, float(low), float(high), confidence)


def difference(first: Estimate, second: Estimate, *, correlation: float = 0.0) -> Estimate:
    """The difference first - second of two estimates, computed from their own limits.

    The method of variance estimates recovery takes the distance to each limit as that side's standard
    error [Zou and Donner 2008]. The interval is therefore asymmetric where theirs are.

    Args:
        correlation: of the two estimates; 0 for independent ones.
    """
    value = first.value - second.value
    down = first.value - first.low, second.high - second.value
    up = first.high - first.value, second.value - second.low
    below, above = (sqrt(max(a**2 + b**2 - 2 * correlation * a * b, 0.0)) for a, b in (down, up))
    return Estimate(value, value - below, value + above, first.confidence)


def difference_of_dependent(first: Estimate, second: Estimate) -> Estimate:
    """The difference first - second of two estimates whose dependence is not known, from their own limits.

    Where both intervals hold, so does the difference of their far ends. By Bonferroni's inequality they fail
    together with no more than the sum of their errors: an interval at 95 % takes two at 97.5 %. `difference`
    is narrower, and valid only for independent estimates. It is conservative where both rise and fall
    together, and covers too seldom where one rises as the other falls.

    >>> str(difference_of_dependent(Estimate(0.5, 0.4, 0.7, 0.975), Estimate(0.2, 0.17, 0.24, 0.975)))
    '0.300 [0.160, 0.530] at 95%'
    """
    return Estimate(
        first.value - second.value,
        first.low - second.high,
        first.high - second.low,
        first.confidence + second.confidence - 1,
    )


def mean(worlds: Sequence[Estimate], *, within: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """The mean of one number over worlds, with a t-interval, because rows of one world share a model.

    The interval is never narrower than it would be if all rows of all worlds were independent. Five worlds
    that all show 0 of 100 do not prove a rate of exactly 0.

    Args:
        worlds: one estimate for each of at least two worlds.
        within: the possible range of the number.
    """
    count, confidence = len(worlds), worlds[0].confidence
    values = np.array([e.value for e in worlds])
    centre = float(values.mean())
    spread = float(t_quantile((1 + confidence) / 2, count - 1)) * float(values.std(ddof=1)) / sqrt(count)
    # The half-widths of the mean if all worlds were independent, from their own intervals.
    below = sqrt(sum((e.value - e.low) ** 2 for e in worlds)) / count
    above = sqrt(sum((e.high - e.value) ** 2 for e in worlds)) / count
    # Equal values in all worlds have no spread, but each is still uncertain.
    low, high = centre - max(spread, below), centre + max(spread, above)
    return Estimate(centre, max(low, within[0]), min(high, within[1]), confidence)
