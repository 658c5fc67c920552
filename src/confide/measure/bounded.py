"""Difference of two means of numbers between 0 and 1, with an interval that holds for any few of them."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.measure.intervals import check_confidence

GRID = 100
"""Means that are tried. Between two of them the interval is widened, by 2 / GRID at either end."""
STAKES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the capital that are staked, each on its own; the first keeps the capital from being lost."""
GROUPS = 400
"""Groups that are computed at once: they bound the memory."""


def difference_of_means(
    first: Floats, first_of: Ints, second: Floats, second_of: Ints, *, groups: int, confidence: float
) -> tuple[Floats, Floats]:
    """The interval of mean(first) - mean(second) of each group, (low, high), float64[groups].

    A t-interval rests on a normal mean. Of a few ranks, some near 0 and one far off, it can miss the truth in
    more than half of all cases. Here a mean is refuted by a bet against it. Who stakes a share u of the
    capital on values above m has prod(1 - u + u x / m) in the end. If the true mean is at most m, that is at
    most 1 on average. So it reaches a with probability 1 / a at most (Markov), whatever the law of the
    values. The capitals of a bet that the first mean is higher and of one that the second is lower are
    multiplied, since the two are independent. The lower limit is the least difference of two means that the
    product does not refute; the upper one is that of the reverse.

    Args:
        first, second: float64[k], in [0, 1]; those of a group are independent and of equal mean.
        first_of, second_of: int64[k], the group of each.
        groups: how many; one without values gets the limits -1 and 1.
        confidence: of both sides together.

    Source: Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting (JRSS B 2024).

    >>> ones, zeros, group = np.ones(5), np.zeros(5), np.zeros(5, np.int64)
    >>> low, high = difference_of_means(ones, group, zeros, group, groups=1, confidence=0.95)
    >>> round(float(low[0]), 2), round(float(high[0]), 2)
    (0.08, 1.0)
    """
    side = (1 - check_confidence(confidence)) / 2
    low = _lower(first, first_of, second, second_of, groups, side)
    high = -_lower(second, second_of, first, first_of, groups, side)
    return low, high


def _lower(high: Floats, high_of: Ints, low: Floats, low_of: Ints, groups: int, side: float) -> Floats:
    """The lower limit of mean(high) - mean(low), wrong with probability `side` at most."""
    above = _log_capital(high, high_of, groups)
    below = _log_capital(1 - low, low_of, groups)  # that the mean is below 1 - m
    need = -np.log(side) - below
    tried = np.arange(1, GRID + 1) / GRID
    # The capital falls with the mean that it bets against: this many means are refuted, the next one is not.
    reached = np.concatenate([tried, [np.inf]])
    found = np.empty(groups)
    for start in range(0, groups, GROUPS):
        rows = slice(start, start + GROUPS)
        refuted = (above[rows, None, :] >= need[rows, :, None]).sum(axis=2)
        found[rows] = (reached[refuted] - (1 - tried)).min(axis=1)
    return np.clip(found - 2 / GRID, -1.0, 1.0)


def _log_capital(values: Floats, of: Ints, groups: int) -> Floats:
    """The logarithm of the mean capital of all stakes against each mean that is tried: float64[groups, GRID].

    Values above a mean let the capital grow.
    """
    tried = np.arange(1, GRID + 1) / GRID
    order = np.argsort(of, kind="stable")
    values, starts = values[order], np.searchsorted(of[order], np.arange(groups + 1))
    found = np.zeros((groups, GRID))
    for first in range(0, groups, GROUPS):
        last = min(first + GROUPS, groups)
        rows = slice(starts[first], starts[last])
        there = np.flatnonzero(np.diff(starts[first : last + 1]))  # of others there is nothing to add up
        if len(there):
            gained = values[rows, None] / tried - 1
            capital = [
                np.add.reduceat(np.log1p(stake * gained), starts[first + there] - starts[first])
                for stake in STAKES
            ]
            found[first + there] = np.logaddexp.reduce(capital) - np.log(len(STAKES))
    return found
