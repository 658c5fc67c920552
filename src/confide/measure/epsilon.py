"""Lower bounds on epsilon from independent worlds.

A mechanism is (epsilon, delta)-private only if P[claim | exposed] <= e^epsilon P[claim | control] +
delta for every claim, and also for its opposite. Rates with exact limits turn this condition into a
lower bound on epsilon: under any smaller epsilon the observed counts would be too unlikely [Jagielski
et al. 2020, Nasr et al. 2021].
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.core.language import later, t
from confide.measure.intervals import check_confidence, lower_limit, upper_limit
from confide.measure.risk import EpsilonBound
from confide.measure.rows import Rows
from confide.measure.special import log_normal_cdf, normal_quantile
from confide.measure.thresholds import Counts, Objective, Split, Threshold

# Assumptions that a bound rests on, as the report prints them.
GAUSSIAN = later("only if the mechanism's trade-off curve is Gaussian (a hypothesis, not checked)")
NO_COIN = later("exposure was not drawn by a fair coin")
NO_COINS = later("exposure was not drawn by a fair coin for each target")
FARTHEST = 1e12
"""No epsilon above it is searched for."""


def check_delta(delta: float) -> float:
    """Check that a number can be a delta, and return it.

    Raises:
        EvidenceError: if it is not in [0, 1).
    """
    if not 0 <= delta < 1:
        raise EvidenceError(f"delta is {delta}; give a number of at least 0 and below 1, such as 1e-5.")
    return delta


def two_world_epsilon(counts: Counts, *, error: float, delta: float) -> Floats:
    """The epsilon that these counts prove, float64[t], each with at most this probability of error.

    It is the larger of ln((TPR - delta) / FPR) and ln((1 - FPR - delta) / (1 - TPR)). Both use one lower
    limit of the true-positive rate and one upper limit of the false-positive rate, each at half the error.
    """
    tpr, fpr = _limits(counts, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        claimed = np.log(np.maximum(tpr - delta, 0) / fpr)
        not_claimed = np.log(np.maximum(1 - fpr - delta, 0) / (1 - tpr))
    return np.fmax(np.fmax(claimed, not_claimed), 0.0)  # fmax ignores the NaN of 0 / 0


def gaussian_mu(counts: Counts, *, error: float) -> Floats:
    """The mu that these counts prove if the trade-off curve is Gaussian, float64[t] [Nasr et al. 2023]."""
    tpr, fpr = _limits(counts, error)
    return np.maximum(normal_quantile(tpr) - normal_quantile(fpr), 0.0)


def gaussian_epsilon(mu: float, *, delta: float, rounded_up: bool = False) -> float:
    """The smallest epsilon for which a mu-GDP mechanism is (epsilon, delta)-private.

    Solves delta = Phi(-e/mu + mu/2) - exp(e) Phi(-e/mu - mu/2) for e, in logarithms [Balle and Wang 2018,
    Dong et al. 2022]. It is 0 if delta is at least the total variation, and inf if delta is 0 and mu is not.

    Args:
        mu: the shift that one record makes, in deviations of the noise.
        delta: of the promise.
        rounded_up: for a promise, which must not be below the truth; a bound that is proved is rounded down.
            Both are within 2e-6 of it, or of its share above 1.

    >>> round(gaussian_epsilon(1.0, delta=1e-5), 2)
    4.38
    """
    if mu <= 0:
        return 0.0
    if delta <= 0:
        return float("inf")

    def more_than_delta(epsilon: float) -> bool:
        # log(a - b) from log a and log b: for a large epsilon both are far below the smallest float.
        first = log_normal_cdf(-epsilon / mu + mu / 2)
        second = epsilon + log_normal_cdf(-epsilon / mu - mu / 2)
        return second < first and first + np.log1p(-exp(second - first)) > log(delta)

    low = largest(more_than_delta, most=FARTHEST)
    if not rounded_up:
        return low
    if not more_than_delta(0.0):
        return 0.0
    # The search ends with an interval of 1e-6 above.
    return low + 1.1e-6 * max(1.0, low) if 2 * low <= FARTHEST else float("inf")


def two_world(
    rows: Rows,
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    delta: float = 1e-5,
    randomised: bool = False,
) -> EpsilonBound:
    """A lower bound on epsilon from independent rows, one for each world.

    The adversary distinguishes worlds with the record from worlds without it. Its success over many worlds
    bounds epsilon from below. The bound is certified if a fair coin decided which world it was.
    `threshold` is `Split()` unless another strategy is given.

    Raises:
        EvidenceError: if the rows are too few for the strategy, or a probability is out of range.
    """
    check_delta(delta)

    def epsilon(counts: Counts, error: float) -> Floats:
        return two_world_epsilon(counts, error=error, delta=delta)

    low, ceiling = (_best(r, epsilon, threshold or Split(), confidence) for r in (rows, rows.perfect()))
    assumption = (
        "" if randomised else t("{why}: exposed and control are taken as exchangeable", why=t(NO_COIN))
    )
    return EpsilonBound(low, ceiling, "two-world", delta, confidence, randomised, assumption)


def gaussian(
    rows: Rows,
    *,
    confidence: float = 0.95,
    threshold: Threshold | None = None,
    delta: float = 1e-5,
) -> EpsilonBound:
    """A lower bound on epsilon under the hypothesis that the mechanism's trade-off curve is Gaussian.

    It is never certified: the hypothesis is not checked. If many rows share one world, their independence
    is a second hypothesis. Where both hold (noisy sums, many steps of noisy gradients), the bound is much
    tighter than the certified ones. See `two_world` for the arguments.
    """
    check_delta(delta)

    def mu(counts: Counts, error: float) -> Floats:
        return gaussian_mu(counts, error=error)

    low, ceiling = (
        gaussian_epsilon(_best(r, mu, threshold or Split(), confidence), delta=delta)
        for r in (rows, rows.perfect())
    )
    assumption = t("{hypothesis}; rows are taken as independent", hypothesis=t(GAUSSIAN))
    return EpsilonBound(low, ceiling, "mu-GDP", delta, confidence, False, assumption)


def largest(rejected: Callable[[float], bool], *, most: float = 1e4) -> float:
    """The largest number that a monotone test rejects, by bisection; 0 if it does not reject 0."""
    if not rejected(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while rejected(high):  # double until the test accepts: the answer is between low and high
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
    # The strategy says among how many thresholds it chose; the error is divided by their number.
    return float(objective(choice.counts, error / choice.among)[0])


def _limits(counts: Counts, error: float) -> tuple[Floats, Floats]:
    side = 1 - error / 2  # one-sided limits, each at half the error (Bonferroni)
    return (
        lower_limit(counts.true, counts.exposed, confidence=side),
        upper_limit(counts.most_false, counts.control, confidence=side),
    )
