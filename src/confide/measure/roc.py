"""ROC analysis: the curve and the area under it.

Both functions take the scores of right claims on exposed and on control rows, in any order; higher means
surer. Rates at a stated false-positive rate are in `confide.measure.rates`.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, nan, sqrt

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence, clopper_pearson
from confide.measure.people import rounds
from confide.measure.rates import Ranks, limits
from confide.measure.risk import Roc
from confide.measure.special import normal_quantile
from confide.measure.thresholds import spread_ranks

POINTS = 200  # more are not visible in a drawing


def roc(
    exposed: Floats, control: Floats, *, confidence: float = 0.95, people: tuple[Ints, Ints] | None = None
) -> Roc:
    """The ROC at up to 200 control scores, dense at both ends, with a pointwise band.

    Above the k-th highest of N0 control scores the false-positive rate is k / (N0 + 1) on average. The band
    is the interval of `tpr_at` there. The curve starts at (0, 0) and ends where all right claims are made.
    Of people with several rounds the band is as wide as if each had one.
    """
    ranks = Ranks.of(exposed, control)
    once = (1.0, 1.0) if people is None else (rounds(people[0]), rounds(people[1]))
    # A claim that would be wrong is never made: below the last right one nothing more is found.
    claimed = int((control > -np.inf).sum())
    places = spread_ranks(max(claimed, 1), POINTS) + 1
    fpr = places / (len(control) + 1)
    low, high = limits(replace(ranks, rounds=once), fpr, confidence=confidence, steps=14)
    ends = ranks.found(np.array([len(control) + 1])) / len(exposed)
    tpr = ranks.found(places) / len(exposed)
    return Roc(
        fpr=np.concatenate([[0.0], fpr, [1.0]]),
        tpr=np.concatenate([[0.0], tpr, ends]),
        low=np.concatenate([[0.0], np.minimum(low, tpr), ends]),
        high=np.concatenate([[float(high[0])], np.maximum(high, tpr), ends]),
    )


def auc(
    exposed: Floats, control: Floats, *, confidence: float = 0.95, people: tuple[Ints, Ints] | None = None
) -> Estimate:
    """The AUC, P(an exposed row scores above a control row) with ties counted half, and DeLong's interval.

    The interval is computed on the logit scale and therefore stays inside [0, 1] [DeLong et al. 1988].

    With few rows on one side the estimated variance is far too small now and then: 10 rows all above nearly
    everybody show no spread. The variance of an AUC is at most A (1 - A) / s, with s rows on the smaller side
    [Birnbaum and Klose 1957]. The estimate is averaged with that bound, which weighs as much as 2 rows of
    s + 2: with many rows nothing changes. If the variance is zero (all rows separated, or all equal), the
    interval is the exact one for s independent pairs. If all scores are equal the AUC is 0.5. If one side is
    empty it is NaN in [0, 1].

    Args:
        people: whom each exposed and each control row is about; None: each about somebody else. What the rows
            of one person add to the AUC is summed before it is squared [Obuchowski 1997]. So a person is
            counted once, also who is exposed in one round and control in another. That such a person's two
            errors cancel is not relied on.

    >>> print(auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])).value)
    0.875
    """
    check_confidence(confidence)
    if not len(exposed) or not len(control):
        return Estimate(nan, 0.0, 1.0, confidence)
    above, below = _placements(exposed, control), 1 - _placements(control, exposed)
    value = float(np.sort(above).mean())  # sorted, so that the order of rows changes no digit
    smaller: float = min(len(exposed), len(control))
    if people is None:
        variance = _variance(above) / len(exposed) + _variance(below) / len(control)
    else:
        smaller = min(len(above) / rounds(people[0]), len(below) / rounds(people[1]))
        variance = _variance_over(people, above, below)
    if smaller < 2 or variance <= 0 or not 0 < value < 1:
        low, high = clopper_pearson(value * smaller, smaller, confidence=confidence)
        return Estimate(value, float(low), float(high), confidence)
    variance = (smaller * variance + 2 * value * (1 - value) / smaller) / (smaller + 2)
    # The derivative of the logit is 1 / (value (1 - value)): the delta method.
    half = float(normal_quantile((1 + confidence) / 2)) * sqrt(variance) / (value * (1 - value))
    centre = log(value / (1 - value))
    return Estimate(value, _logistic(centre - half), _logistic(centre + half), confidence)


def _placements(scores: Floats, others: Floats) -> Floats:
    """For each score, the share of others below it, ties counted half: the scaled midrank."""
    others = np.sort(others)
    below = np.searchsorted(others, scores, side="left")
    upto = np.searchsorted(others, scores, side="right")
    return (below + upto) / (2 * len(others))


def _variance(values: Floats) -> float:
    return float(np.sort(values).var(ddof=1)) if len(values) > 1 else 0.0


def _variance_over(people: tuple[Ints, Ints], above: Floats, below: Floats) -> float:
    """The variance of the AUC if the rows of one person depend on each other, and people do not."""
    everybody, number = np.unique(np.concatenate(people), return_inverse=True)
    sides = (above, number[: len(above)]), (below, number[len(above) :])
    sums: list[Floats] = []
    for values, who in sides:
        there = len(np.unique(who))
        if there < 2:
            return 0.0
        order = np.argsort(values, kind="stable")
        gaps = values[order] - values[order].mean()
        # Gaps from an estimated mean are too small by this factor.
        total = np.bincount(who[order], weights=gaps, minlength=len(everybody)) * sqrt(there / (there - 1))
        sums.append(total / len(values))
    own = float((sums[0] ** 2).sum() + (sums[1] ** 2).sum())
    return own + max(2 * float((sums[0] * sums[1]).sum()), 0.0)


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
