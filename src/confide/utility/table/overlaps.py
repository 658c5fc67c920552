"""Overlap of confidence intervals: whether an analyst concludes the same from the release.

Source: Karr, Kohnen, Oganian, Reiter, Sanil: A Framework for Evaluating the Utility of Data Altered to
Protect Confidentiality (The American Statistician 2006).
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats
from confide.core.language import later
from confide.measure.special import normal_quantile
from confide.utility.table._spread import DistinctRows, Spread, groups, numbers_of, same_columns
from confide.views.table import Table

OVERLAP = later("overlap of intervals")


def interval_overlap(original: Table, released: Table, *, confidence: float = 0.95) -> float:
    """The mean overlap of the intervals of column means and of shares.

    For an interval from the original and one from the release it is the mean of two shares: how much of each
    their common part covers. It is 1 for equal intervals and 0 for disjoint ones. A column of numbers counts
    by its mean, over rows with a number. A column of categories counts by the mean over the shares of its
    values, or of 16 groups of them; columns count equally. A range counts spread evenly over its values.
    Intervals are Wald's, as an analyst would compute them who takes the release for data.

    Raises:
        DataError: if the tables cannot be compared.
    """
    same_columns(original, released)
    z = float(normal_quantile((1 + confidence) / 2))
    grouped = groups(original)
    both = [Spread.of(table, grouped) for table in (original, released)]
    rows = [DistinctRows.of(table) for table in (original, released)]
    found: list[float] = []
    for i, domain in enumerate(original.domains):
        if domain.numbers is not None:
            one, other = (_mean(of, i, domain.numbers, z) for of in rows)
        else:
            one, other = (_shares(spread, i, z) for spread in both)
        each = overlap(one, other)
        # A group that nobody has on both sides says nothing.
        there = np.array([True]) if domain.numbers is not None else (one + other).sum(axis=0) > 0
        if there.any():
            found.append(float(each[there].mean()))
    return float(np.mean(found))


def overlap(one: Floats, other: Floats) -> Floats:
    """The overlaps of intervals float64[2, m], low and high; NaN ends overlap with nothing.

    >>> overlap(np.array([[0.0, 0.0], [2.0, 1.0]]), np.array([[1.0, 3.0], [2.0, 4.0]])).tolist()
    [0.75, 0.0]
    """
    common = np.minimum(one[1], other[1]) - np.maximum(one[0], other[0])
    shares: list[Floats] = []
    for low, high in (one, other):
        width = high - low
        # An interval without width is covered if it is inside the other.
        covered = np.where(width > 0, common / np.where(width > 0, width, 1.0), 1.0)
        shares.append(np.where(common >= 0, covered, 0.0))
    return (shares[0] + shares[1]) / 2


def _mean(rows: DistinctRows, column: int, values: Floats, z: float) -> Floats:
    """The interval of a column's mean, float64[2, 1]."""
    x, within, none = numbers_of(rows, column, values)
    weight = rows.count * (1 - none)
    n = weight.sum()
    if n <= 0:
        return np.full((2, 1), np.nan)
    mean = weight @ x / n
    half = z * np.sqrt(weight @ ((x - mean) ** 2 + within)) / n
    return np.array([[mean - half], [mean + half]])


def _shares(spread: Spread, column: int, z: float) -> Floats:
    """The intervals of the shares of a column's groups, float64[2, groups]."""
    n = spread.count.sum()
    share = spread.count @ spread.weight[column] / n
    half = z * np.sqrt(np.maximum(share * (1 - share), 0.0) / n)
    return np.stack([share - half, share + half])
