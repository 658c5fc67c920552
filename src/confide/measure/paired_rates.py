"""The difference of two rates on the same people, each of whom was tried both ways."""

from __future__ import annotations

from math import sqrt

from confide.core.arrays import Bools
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence
from confide.measure.special import normal_quantile


def paired_difference(first: Bools, second: Bools, *, confidence: float = 0.95) -> Estimate:
    """The share of people for whom the first holds, minus the share for whom the second does.

    Only people of whom one holds and the other does not tell anything: b of them for the first, c for the
    second, of n. The difference is (b - c) / n. Its interval adds half a person to each of the four cells of
    the table of pairs: with n' = n + 2, b' = b + 1/2 and c' = c + 1/2 it is (b' - c') / n' plus and minus
    z sqrt(b' + c' - (b' - c')^2 / n') / n'. So it is not empty where b and c are 0.

    Where the two go together, as they do in people whom one learns from others, it is much narrower than the
    interval for two groups of people.

    Args:
        first, second: bool[n], of the same people in the same order.
        confidence: of the interval.

    Raises:
        EvidenceError: if there is nobody, or they are not as many.

    Source: Agresti, Min: Simple Improved Confidence Intervals for Comparing Matched Proportions (Statistics
    in Medicine 2005).

    >>> import numpy as np
    >>> str(paired_difference(np.array([True] * 6 + [False] * 4), np.array([True] * 3 + [False] * 7)))
    '0.300 [-0.044, 0.544] at 95%'
    """
    n = len(first)
    if not n or len(second) != n:
        raise EvidenceError(f"{n} and {len(second)} people: give both for the same people, one or more.")
    b, c = int((first & ~second).sum()), int((second & ~first).sum())
    more, fewer, all_ = b + 0.5, c + 0.5, n + 2
    middle = (more - fewer) / all_
    reach = float(normal_quantile((1 + check_confidence(confidence)) / 2))
    reach *= sqrt(max(more + fewer - (more - fewer) ** 2 / all_, 0.0)) / all_
    value = (b - c) / n
    low, high = max(middle - reach, -1.0), min(middle + reach, 1.0)
    return Estimate(value, min(low, value), max(high, value), confidence)
