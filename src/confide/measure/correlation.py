"""Correlation of predictions with true values, with its interval."""

from __future__ import annotations

from math import atanh, nan, sqrt, tanh

import numpy as np

from confide.core.arrays import Floats
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence
from confide.measure.special import normal_quantile


def pearson(x: Floats, y: Floats, *, confidence: float = 0.95) -> Estimate:
    """Pearson's r of n pairs, with Fisher's interval: atanh(r) is normal with variance 1 / (n - 3).

    The value is NaN in [-1, 1] if one of the two is constant or there are fewer than two pairs. With fewer
    than four pairs the interval is [-1, 1].

    >>> str(pearson(np.arange(28.0), np.arange(28.0) % 7))
    '0.248 [-0.138, 0.568] at 95%'
    """
    check_confidence(confidence)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Estimate(nan, -1.0, 1.0, confidence)
    a, b = x - x.mean(), y - y.mean()
    r = float(np.clip((a @ b) / sqrt(float((a @ a) * (b @ b))), -1.0, 1.0))
    if len(x) < 4:  # the variance 1 / (n - 3) is not defined
        return Estimate(r, -1.0, 1.0, confidence)
    if abs(r) == 1.0:  # atanh is infinite
        return Estimate(r, r, r, confidence)
    half = float(normal_quantile((1 + confidence) / 2)) / sqrt(len(x) - 3)
    return Estimate(r, tanh(atanh(r) - half), tanh(atanh(r) + half), confidence)
