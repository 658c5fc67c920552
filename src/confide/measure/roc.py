"""ROC analysis: true-positive rates at given false-positive rates, AUC and precision.

All functions take the scores of right claims on exposed and on control rows, in any order; higher means
surer. A claim is made strictly above a threshold. Thresholds are scores of control rows and are never
interpolated. A rate that the sample cannot resolve is reported as unresolved.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import exp, log, nan, sqrt

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence, clopper_pearson, proportion
from confide.measure.risk import PrecisionAt, RateAt, Roc
from confide.measure.special import normal_quantile
from confide.measure.thresholds import spread_ranks

POINTS = 400  # more are not visible in a drawing


def roc(exposed: Floats, control: Floats, *, confidence: float = 0.95) -> Roc:
    """The ROC at up to 400 thresholds, dense at both ends, with a pointwise Clopper-Pearson band.

    It starts at the rate that is reached without any false claim, and ends at (1, 1), where all are claimed.
    """
    found, wrong = np.sort(exposed), np.sort(control)
    ranks = spread_ranks(len(wrong), POINTS - 1)
    at = np.unique(wrong[len(wrong) - 1 - ranks])[::-1]  # falling thresholds give rising rates
    true = len(found) - np.searchsorted(found, at, side="right")
    false = len(wrong) - np.searchsorted(wrong, at, side="right")
    low, high = clopper_pearson(true, len(found), confidence=confidence)
    return Roc(
        fpr=np.append(false / len(wrong), 1.0),
        tpr=np.append(true / len(found), 1.0),
        low=np.append(low, 1.0),
        high=np.append(high, 1.0),
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


def tpr_at(exposed: Floats, control: Floats, *, fpr: float, confidence: float = 0.95) -> RateAt:
    """The true-positive rate at a threshold that claims at most a share `fpr` of the control rows.

    With b the control scores in falling order and k = floor(fpr * N0), the threshold is b[k]. A claim is
    strictly above it, so the false-positive rate is at most `fpr`, with or without ties. At fpr = 0 no
    control row is claimed. If k = 0 but fpr > 0 the sample cannot resolve the rate, and `why` says what is
    needed. The interval is that of the rate at this threshold.

    Raises:
        EvidenceError: if fpr is not in [0, 1).

    >>> tpr_at(np.array([5.0, 1.0]), np.arange(4.0), fpr=0.25).rate.value
    0.5
    >>> tpr_at(np.array([5.0, 1.0]), np.arange(4.0), fpr=0.01).why
    'n/a (needs at least 100 non-members, has 4)'
    """
    k = place_of(len(control), fpr)
    if k is None:
        need = -int(-1 // Fraction(str(float(fpr))))  # 1 / fpr, rounded up
        return RateAt(fpr, None, len(control), f"n/a (needs at least {need} non-members, has {len(control)})")
    at = threshold_at(control, k)
    found = int(np.count_nonzero(exposed > at))
    return RateAt(fpr, proportion(found, len(exposed), confidence=confidence), len(control))


def precision_at(
    exposed: Floats,
    control: Floats,
    *,
    fpr: float,
    priors: Sequence[float] = (0.5, 0.1, 0.01),
    confidence: float = 0.95,
) -> tuple[PrecisionAt, ...]:
    """The precision of claims at this false-positive rate, if a share `prior` of the people is in the data.

    PPV = prior * TPR / (prior * TPR + (1 - prior) * FPR), with both rates counted at the threshold of
    `tpr_at`. The interval combines both rates' limits, each at half the error, and is therefore
    conservative. The value is None if the rate is not resolved or nobody is claimed.
    """
    k = place_of(len(control), fpr)
    if k is None:
        return tuple(PrecisionAt(prior, fpr, None) for prior in priors)
    at, sure = threshold_at(control, k), (1 + confidence) / 2
    true = proportion(int(np.count_nonzero(exposed > at)), len(exposed), confidence=sure)
    false = proportion(int(np.count_nonzero(control > at)), len(control), confidence=sure)
    if true.value == false.value == 0:
        return tuple(PrecisionAt(prior, fpr, None) for prior in priors)
    return tuple(
        PrecisionAt(
            prior,
            fpr,
            Estimate(
                _precision(prior, true.value, false.value),
                _precision(prior, true.low, false.high),
                _precision(prior, true.high, false.low),
                confidence,
            ),
        )
        for prior in priors
    )


def _precision(prior: float, tpr: float, fpr: float) -> float:
    return prior * tpr / (prior * tpr + (1 - prior) * fpr)


def place_of(controls: int, fpr: float) -> int | None:
    """floor(fpr * N0) in exact decimals (0.29 of 100 is 29); None if the sample cannot resolve the rate."""
    if not 0 <= fpr < 1:
        raise EvidenceError(f"fpr is {fpr}; give a false-positive rate of at least 0 and below 1.")
    k = int(Fraction(str(float(fpr))) * controls)  # 0.29 * 100 as floats is 28.999...
    return None if not controls or (k == 0 and fpr > 0) else k


def threshold_at(control: Floats, k: int) -> float:
    """The score with k scores before it, in falling order."""
    place = len(control) - 1 - k
    return float(np.partition(control, place)[place])


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
