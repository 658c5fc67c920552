"""Cross-validation: intervals where people are asked about by models that learned from each other."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from confide.core.estimate import Estimate
from confide.measure.risk import RateAt, Roc

FACTOR = sqrt(2)
"""By how much an interval of independent rows is too narrow in a cross-validation, at most."""


def widened(found: Estimate, *, least: float = 0.0) -> Estimate:
    """An interval that holds in a cross-validation, from one that takes people as independent.

    Each person is asked about by a model that learned from the others. Two people who resemble each other by
    chance and share the trait lift each other's score, so what is found varies more than the spread of the
    scores shows. If nothing can be learned, a mean over people is a sum over pairs, each of which counts in
    both directions: its variance is twice that of as many independent terms. The more there is to learn, the
    less of the variance comes from pairs, so twice is enough. (Of ten parts the rule of thumb of Nadeau and
    Bengio 2003 says 2.1 times.)

    Args:
        least: what the number can be at least.

    >>> str(widened(Estimate(0.5, 0.4, 0.7, 0.95)))
    '0.500 [0.359, 0.783] at 95%'
    """
    low = found.value - FACTOR * (found.value - found.low)
    high = found.value + FACTOR * (found.high - found.value)
    return replace(found, low=max(low, least), high=min(high, 1.0))


def widened_rate(at: RateAt) -> RateAt:
    """A rate at a false-positive rate with such an interval."""
    return at if at.rate is None else replace(at, rate=widened(at.rate))


def widened_roc(curve: Roc) -> Roc:
    """A ROC curve with such a band."""
    low, high = curve.tpr - FACTOR * (curve.tpr - curve.low), curve.tpr + FACTOR * (curve.high - curve.tpr)
    return replace(curve, low=np.clip(low, 0, 1), high=np.clip(high, 0, 1))
