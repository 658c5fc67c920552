"""Epsilon from independent worlds: what was seen would be too unlikely under any smaller epsilon.

A mechanism is (epsilon, delta)-private only if P[claim | exposed] <= e^epsilon P[claim | control] +
delta for every claim, and likewise for its opposite. Rates with exact limits turn that into a lower
bound on epsilon [Jagielski et al. 2020, Nasr et al. 2021].
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.measure.intervals import check_confidence, lower_limit, upper_limit
from confide.measure.risk import EpsilonBound
from confide.measure.rows import Rows
from confide.measure.special import log_normal_cdf, normal_quantile
from confide.measure.thresholds import Counts, Objective, Split, Threshold

GAUSSIAN = "only if the mechanism's trade-off curve is Gaussian (a hypothesis, not checked)"


def check_delta(delta: float) -> float:
    """The same number, if it can be a delta.

    Raises:
        EvidenceError: if it does not lie in [0, 1).
    """
    if not 0 <= delta < 1:
        raise EvidenceError(f"delta is {delta}; give a number of at least 0 and below 1, such as 1e-5.")
    return delta


def two_world_epsilon(counts: Counts, *, error: float, delta: float) -> Floats:
    """The epsilon that these counts prove, float64[t], each with this probability of error at most.

    The larger of ln((TPR - delta) / FPR) and ln((1 - FPR - delta) / (1 - TPR)), both from one lower limit
    of the true-positive rate and one upper limit of the false-positive rate, each at half the error.
    """
    tpr, fpr = _limits(counts, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        caught = np.log(np.maximum(tpr - delta, 0) / fpr)
        cleared = np.log(np.maximum(1 - fpr - delta, 0) / (1 - tpr))
    return np.fmax(np.fmax(caught, cleared), 0.0)


def gaussian_mu(counts: Counts, *, error: float) -> Floats:
    """The mu that these counts prove if the trade-off curve is Gaussian, float64[t] [Nasr et al. 2023]."""
    tpr, fpr = _limits(counts, error)
    return np.maximum(normal_quantile(tpr) - normal_quantile(fpr), 0.0)


def gaussian_epsilon(mu: float, *, delta: float) -> float:
    """The epsilon of a mu-GDP mechanism at this delta, so that (epsilon, delta) holds and is tight.

    Solves delta = Phi(-e/mu + mu/2) - exp(e) Phi(-e/mu - mu/2) for e [Balle and Wang 2018, Dong et al.
    2022], in logarithms; 0 if delta is at least the total variation, inf if delta is 0 and mu is not.

    >>> round(gaussian_epsilon(1.0, delta=1e-5), 2)
    4.38
    """
    if mu <= 0:
        return 0.0
    if delta <= 0:
        return float("inf")

    def more_than_delta(epsilon: float) -> bool:
        first = log_normal_cdf(-epsilon / mu + mu / 2)
        second = epsilon + log_normal_cdf(-epsilon / mu - mu / 2)
        return second < first and first + np.log1p(-exp(second - first)) > log(delta)

    return largest(more_than_delta)


def two_world(
    rows: Rows,
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    delta: float = 1e-5,
    randomised: bool = False,
) -> EpsilonBound:
    """A lower bound on epsilon from independent rows, one a world.

    The adversary decides between two worlds, with the record and without it. How well he can do so over
    many of them bounds epsilon from below; certified where a fair coin decided which world it was.
    `threshold` is `Split()` unless another strategy is given.

    Raises:
        EvidenceError: if the rows are too few for the strategy, or a probability is out of range.
    """
    check_delta(delta)

    def epsilon(counts: Counts, error: float) -> Floats:
        return two_world_epsilon(counts, error=error, delta=delta)

    low, ceiling = (_best(r, epsilon, threshold or Split(), confidence) for r in (rows, rows.perfect()))
    assumption = (
        "" if randomised else "exposure was not drawn by a fair coin: exposed and control are taken as alike"
    )
    return EpsilonBound(low, ceiling, "two-world", delta, confidence, randomised, assumption)


def gaussian(
    rows: Rows,
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    delta: float = 1e-5,
) -> EpsilonBound:
    """What epsilon would be, at least, if the mechanism's trade-off curve were Gaussian.

    Never certified: the hypothesis is not checked, and where many rows share one world their
    independence is a second one. Much tighter than the certified bounds where it holds (noisy sums,
    many steps of noisy gradients); see `two_world` for the arguments.
    """
    check_delta(delta)

    def mu(counts: Counts, error: float) -> Floats:
        return gaussian_mu(counts, error=error)

    low, ceiling = (
        gaussian_epsilon(_best(r, mu, threshold or Split(), confidence), delta=delta)
        for r in (rows, rows.perfect())
    )
    return EpsilonBound(
        low, ceiling, "mu-GDP", delta, confidence, False, f"{GAUSSIAN}; rows are taken as independent"
    )


def largest(rejected: Callable[[float], bool], *, most: float = 1e4) -> float:
    """The largest number that a monotone test still rejects; 0 if it does not even reject 0."""
    if not rejected(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while rejected(high):
        low, high = high, 2 * high
        if high > most:
            return low
    while high - low > 1e-6 * max(1.0, high):
        middle = (low + high) / 2
        low, high = (middle, high) if rejected(middle) else (low, middle)
    return low


def _best(rows: Rows, objective: Objective, threshold: Threshold, confidence: float) -> float:
    error = 1 - check_confidence(confidence)
    choice = threshold.choose(rows, objective, error=error)
    return float(objective(choice.counts, error / choice.among)[0])


def _limits(counts: Counts, error: float) -> tuple[Floats, Floats]:
    side = 1 - error / 2
    return (
        lower_limit(counts.true, counts.exposed, confidence=side),
        upper_limit(counts.most_false, counts.control, confidence=side),
    )
