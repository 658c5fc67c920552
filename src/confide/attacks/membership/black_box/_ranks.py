"""Ranks within a reference sample, by sort and search: never the matrix of all pairs."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from confide.core.arrays import Array, Floats


def share_at_most(x: Floats, among: Floats, *, margin: float = 0.0) -> Floats:
    """Share of `among` [z] that is at most x - margin, ties in the order of x: float64[n].

    A share has z + 1 values only. Between two of them the score still rises with x, by less than one step, so
    that ties do not hide a low false-positive rate. NaN stays NaN.

    >>> share_at_most(np.array([0.0, 3.0]), np.array([1.0, 2.0, 4.0, 5.0])).round(2)
    array([0.1 , 0.59])
    """
    ordered = np.sort(among[~np.isnan(among)])
    below = np.searchsorted(ordered, x - margin, side="right")
    # expit is in (0, 1), so it orders ties by x and never reaches the next share.
    score = (below + expit(x)) / (len(ordered) + 1)
    return np.where(np.isnan(x), np.nan, score)


def interpolated_rank(x: Floats, among: Array) -> Floats:
    """Rank of x[i] within its own column among[:, i], in [0, 1], linear between order statistics.

    NaN entries of a column are absent; a column without others gives NaN. Below the smallest and above the
    largest of m entries the rank is 0 and 1: m entries resolve false-positive rates down to 1/m.

    >>> interpolated_rank(np.array([2.5, 9.0]), np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan]])).round(3)
    array([0.667, 1.   ])
    """
    ordered = np.sort(among, axis=0)  # NaN goes last
    m = (~np.isnan(ordered)).sum(axis=0)
    below = (ordered < x).sum(axis=0)
    inside = (below > 0) & (below < m)
    column = np.arange(len(x))
    low = ordered[np.clip(below - 1, 0, len(ordered) - 1), column]
    high = ordered[np.clip(below, 0, len(ordered) - 1), column]
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (x - low) / (high - low)
        rank = np.where(inside, (below - 0.5 + np.nan_to_num(between)) / m, below / m)
    return np.where((m == 0) | np.isnan(x), np.nan, rank)


def ranks(score: Floats) -> Floats:
    """Rank of each score over the number of scores; equal scores share their middle rank; NaN stays NaN.

    >>> ranks(np.array([5.0, 1.0, np.nan, 5.0])).round(3).tolist()
    [0.833, 0.333, nan, 0.833]
    """
    known = ~np.isnan(score)
    order = np.sort(score[known])
    low, high = (np.searchsorted(order, score[known], side=side) for side in ("left", "right"))
    placed = np.full(len(score), np.nan)
    placed[known] = (low + high + 1) / (2 * len(order))
    return placed
