"""ROC analysis: the curve and the area under it.

Both functions take the scores of right claims on exposed and on control rows, in any order; higher means
surer. Rates at a stated false-positive rate are in `confide.measure.rates`.
"""

from __future__ import annotations

from math import exp, log, nan, sqrt

import numpy as np

from confide.core.arrays import Floats
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence, clopper_pearson
from confide.measure.rates import Ranks, limits
from confide.measure.risk import Roc
from confide.measure.special import normal_quantile
from confide.measure.thresholds import spread_ranks

POINTS = 200  # more are not visible in a drawing


def roc(exposed: Floats, control: Floats, *, confidence: float = 0.95) -> Roc:
    """The ROC at up to 200 control scores, dense at both ends, with a pointwise band.

    Above the k-th highest of N0 control scores the false-positive rate is k / (N0 + 1) on average. The band
    is the interval of `tpr_at` there. The curve starts at (0, 0) and ends where all right claims are made.
    """
    ranks = Ranks.of(exposed, control)
    # A claim that would be wrong is never made: below the last right one nothing more is found.
    claimed = int((control > -np.inf).sum())
    places = spread_ranks(max(claimed, 1), POINTS) + 1
    fpr = places / (len(control) + 1)
    low, high = limits(ranks, fpr, confidence=confidence, steps=14)
    ends = ranks.found(np.array([len(control) + 1])) / len(exposed)
    tpr = ranks.found(places) / len(exposed)
    return Roc(
        fpr=np.concatenate([[0.0], fpr, [1.0]]),
        tpr=np.concatenate([[0.0], tpr, ends]),
        low=np.concatenate([[0.0], np.minimum(low, tpr), ends]),
        high=np.concatenate([[float(high[0])], np.maximum(high, tpr), ends]),
    )


def auc(exposed: Floats, control: Floats, *, confidence: float = 0.95) -> Estimate:
    """The AUC, P(an exposed row scores above a control row) with ties counted half, and DeLong's interval.

    The interval is computed on the logit scale and therefore stays inside [0, 1] [DeLong et al. 1988]. If
    the variance is zero (all rows separated, or all equal), it is the exact interval for as many independent
    pairs as the smaller side has rows. If all scores are equal the AUC is 0.5. If one side is empty it is
    NaN in [0, 1].

    >>> print(auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])).value)
    0.875
    """
    check_confidence(confidence)
    if not len(exposed) or not len(control):
        return Estimate(nan, 0.0, 1.0, confidence)
    beaten = _share_below(exposed, control)
    beating = 1 - _share_below(control, exposed)
    value = float(beaten.mean())
    smaller = min(len(exposed), len(control))
    variance = (_variance(beaten) / len(exposed)) + (_variance(beating) / len(control))
    if smaller < 2 or variance <= 0 or not 0 < value < 1:
        low, high = clopper_pearson(value * smaller, smaller, confidence=confidence)
        return Estimate(value, float(low), float(high), confidence)
    # The derivative of the logit is 1 / (value (1 - value)): the delta method.
    half = float(normal_quantile((1 + confidence) / 2)) * sqrt(variance) / (value * (1 - value))
    centre = log(value / (1 - value))
    return Estimate(value, _logistic(centre - half), _logistic(centre + half), confidence)


def _share_below(scores: Floats, others: Floats) -> Floats:
    """For each score, the share of others below it, ties counted half: the scaled midrank."""
    scores, others = np.sort(scores), np.sort(others)
    below = np.searchsorted(others, scores, side="left")
    upto = np.searchsorted(others, scores, side="right")
    return (below + upto) / (2 * len(others))


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
