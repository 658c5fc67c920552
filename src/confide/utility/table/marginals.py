"""Distances between the marginals of a table and of its release, and between their correlations.

Source: total variation over marginals as in the US NIST's challenge of 2018 and SDNist's k-marginal score;
Cramér: Mathematical Methods of Statistics (1946).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.core.estimate import Measured
from confide.core.language import later
from confide.utility.table._spread import DistinctRows, Spread, groups, numbers_of, same_columns
from confide.views.table import Table

ONE, TWO, THREE = (
    later("1-way marginal distance"),
    later("2-way marginal distance"),
    later("3-way marginal distance"),
)
CORRELATIONS = later("correlation distance")
WIDEST = 16
"""Columns of which all triples are looked at: 560. Of 49 columns there are 18,424, an hour's work."""
BLOCK = 2_048  # rows with ranges at a time, so that what is multiplied stays in the processor's cache


def marginal_distances(original: Table, released: Table) -> Measured:
    """The mean total variation distance of all marginals of one, two and three columns.

    The distance of two distributions is half the sum of the absolute differences of their shares: 0 for equal
    ones, 1 for ones with nothing in common. Columns of more than 16 values are looked at in 16 groups of
    neighbours. A range counts spread evenly over its values. So the distance of more columns is never
    smaller. Rows that the release lacks show only in the shares. Triples are those of the first 16 columns:
    an audit puts the known ones and the secret there.

    Raises:
        DataError: if the tables cannot be compared.
    """
    same_columns(original, released)
    grouped = groups(original)
    both = [Spread.of(table, grouped) for table in (original, released)]
    d, first = len(original.domains), original.names[:WIDEST]
    few = (
        both
        if d <= WIDEST
        else [Spread.of(table.only(first), groups(original.only(first))) for table in (original, released)]
    )
    found = {ONE: float(np.mean([apart(*(_single(s, i) for s in both)) for i in range(d)]))}
    for name, marginals, of in ((TWO, pairs, both), (THREE, triples, few)):
        each = [apart(p, q) for p, q in zip(*(marginals(s) for s in of), strict=True)]
        if each:
            found[name] = float(np.mean(each))
    return found


def correlation_distance(original: Table, released: Table) -> float:
    """The Frobenius norm of the difference of two matrices of associations.

    Two columns of numbers have Pearson's correlation, over rows with both numbers; others have Cramér's V,
    where numbers are looked at in 16 groups. A range counts spread evenly over its values: that adds its
    variance to a column, and nothing to a covariance. An association with a constant column is 0.

    Raises:
        DataError: if the tables cannot be compared.
    """
    same_columns(original, released)
    grouped = groups(original)
    counted = [i for i, domain in enumerate(original.domains) if domain.numbers is not None]
    matrices: list[Floats] = []
    for table in (original, released):
        d = len(table.domains)
        matrix = np.zeros((d, d))
        # Two columns of numbers are looked at as numbers below.
        for (i, j), joint in zip(combinations(range(d), 2), pairs(Spread.of(table, grouped)), strict=True):
            if i not in counted or j not in counted:
                matrix[i, j] = matrix[j, i] = cramers_v(joint)
        if counted:
            matrix[np.ix_(counted, counted)] = pearson(table, counted)
        matrices.append(matrix)
    return float(np.linalg.norm(matrices[0] - matrices[1]))


def apart(one: Floats, other: Floats) -> float:
    """The total variation distance of two tables of shares."""
    return float(np.abs(one - other).sum() / 2)


def cramers_v(joint: Floats) -> float:
    """Cramér's V of a table of shares: 0 for independent columns, 1 if the longer one decides the other.

    >>> cramers_v(np.array([[0.5, 0.0], [0.0, 0.5]]))
    1.0
    """
    row, column = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    expected = row @ column
    smaller = min(int((row > 0).sum()), int((column > 0).sum())) - 1
    if smaller < 1:
        return 0.0
    squares = np.where(expected > 0, (joint - expected) ** 2 / np.where(expected > 0, expected, 1.0), 0.0)
    return float(np.sqrt(squares.sum() / smaller))


def pearson(table: Table, columns: Sequence[int]) -> Floats:
    """Pearson's correlation of each two columns of numbers; 0 if one is constant or no row has both.

    Args:
        table: with ranges or without.
        columns: the positions of columns with numbers, k of them.

    Returns:
        float64[k, k], with zeros on the diagonal.
    """
    rows = DistinctRows.of(table)
    values = [table.domains[i].numbers for i in columns]
    found = [numbers_of(rows, i, v) for i, v in zip(columns, values, strict=True) if v is not None]
    x, within, none = (np.stack(each, axis=1) for each in zip(*found, strict=True))
    there = 1 - none
    # Every column is measured from its mean in units of its spread, so that the sums below lose no digits.
    n = np.maximum(rows.count @ there, 1e-300)
    x = x - (rows.count @ (there * x)) / n
    unit = np.sqrt((rows.count @ (there * (x**2 + within))) / n)
    x, within = x / np.where(unit > 0, unit, 1.0), within / np.where(unit > 0, unit**2, 1.0)
    weighted = there * rows.count[:, None]
    total = there.T @ weighted  # of rows with both numbers; all below are means over these
    total = np.where(total > 0, total, np.inf)
    mean = (there * x).T @ weighted / total
    square = (there * (x**2 + within)).T @ weighted / total
    product = (there * x).T @ (weighted * x) / total
    variance = square - mean**2
    variance[variance <= 1e-12 * square] = 0.0
    both = variance * variance.T
    correlation = np.where(both > 0, (product - mean * mean.T) / np.sqrt(np.where(both > 0, both, 1.0)), 0.0)
    np.fill_diagonal(correlation, 0.0)
    return correlation


def pairs(spread: Spread) -> Iterator[Floats]:
    """The shares of all pairs of columns i < j, in order, float64[groups of i, groups of j]."""
    rows, total = spread.count[:, None], spread.count.sum()
    for i, j in combinations(range(len(spread.weight)), 2):
        sole = spread.sole[:, i] & spread.sole[:, j]
        wide = ~sole
        table = _counted(spread, (i, j), sole)
        if wide.any():
            table += (spread.weight[i][wide] * rows[wide]).T @ spread.weight[j][wide]
        yield table / total


def triples(spread: Spread) -> Iterator[Floats]:
    """The shares of all triples of columns i < j < k, float64[groups of i, of j, of k]; j, k in order.

    Rows with single groups are counted. For the others one product of matrices serves all i below j.
    """
    total = spread.count.sum()
    width = [w.shape[1] for w in spread.weight]
    for j, k in combinations(range(len(width)), 2):
        if not j:
            continue
        wide = ~np.asarray(spread.sole[:, [*range(j), j, k]].all(axis=1))
        upto = np.concatenate([[0], np.cumsum(width[:j])])
        ranged = np.zeros((int(upto[-1]), width[j] * width[k]))
        left = spread.take(wide)
        for start in range(0, len(left.count), BLOCK):
            part = left.take(slice(start, start + BLOCK))
            ahead = np.hstack(part.weight[:j]) * part.count[:, None].astype(np.float32)
            both = (part.weight[j][:, :, None] * part.weight[k][:, None, :]).reshape(len(ahead), -1)
            ranged += ahead.T @ both
        for i in range(j):
            block = ranged[upto[i] : upto[i + 1]].reshape(width[i], width[j], width[k])
            yield (_counted(spread, (i, j, k), ~wide) + block) / total


def _single(spread: Spread, i: int) -> Floats:
    return spread.count @ spread.weight[i] / spread.count.sum()


def _counted(spread: Spread, at: tuple[int, ...], rows: Bools) -> Floats:
    """The number of rows for each combination of groups, where each cell is in one group."""
    shape = tuple(spread.weight[i].shape[1] for i in at)
    flat = np.ravel_multi_index(tuple(spread.group[:, i] for i in at), shape)
    count = np.bincount(flat, weights=spread.count * rows, minlength=int(np.prod(shape)))
    return count.astype(np.float64, copy=False).reshape(shape)
