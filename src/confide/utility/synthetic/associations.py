"""Normalised mutual information of each two columns: what dependence a synthetic file keeps, loses, makes up.

Source: Yao: Information-theoretic measures for knowledge discovery and data mining (2003), for the measure;
Miller: Note on the bias of information estimates (1955), for its correction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence
from confide.measure.special import normal_quantile
from confide.utility.synthetic._binned import Binned, binned
from confide.utility.synthetic._jackknife import RowEffects, variance_of_cells
from confide.views.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Associations:
    """The dependence of each two columns, in the real rows and in a synthetic file.

    Args:
        names: of the d columns.
        real, synthetic: float64[d, d], symmetric, 0 for independent columns, 1 where one decides the other;
            1 on the diagonal.
        apart: the mean absolute difference over all pairs, with its interval.
        floor: the same of the hold-out; None without one.
        stronger: bool[d, d], pairs that depend on each other more in the file than in the real rows, beyond
            what chance explains.
    """

    names: tuple[str, ...]
    real: Floats
    synthetic: Floats
    apart: Estimate
    floor: Estimate | None
    stronger: Bools

    @property
    def of_shuffled(self) -> float:
        """The mean difference that shuffled columns have: all dependence that there is."""
        return float(self.real[np.triu_indices(len(self.names), 1)].mean())


def associations(
    real: Table,
    synthetic: Table,
    hold_out: Table | None = None,
    *,
    public: Mapping[str, Ints] | None = None,
    confidence: float = 0.95,
) -> Associations:
    """The normalised mutual information of each two columns, in both files.

    It is the mutual information divided by the smaller one of the two columns' entropies, and one measure
    for numbers and categories. Columns are in the bins of `binned`. The information of a sample
    is too high by about (cells more than rows and columns) / 2n, which is subtracted; below 0 it is 0. With a
    constant column it is 0.

    Args:
        real: precise, n rows.
        synthetic: m rows of the same domains.
        hold_out: other people of the same population.
        public: published bins.
        confidence: of the intervals, which cover what chance in the rows does, as in `compare_margins`; that
            of each pair is corrected for the number of pairs.

    Raises:
        DataError: if the files cannot be compared, or have one column.

    >>> from confide.views.table import Domain
    >>> sex, job = Domain("sex", ("f", "m")), Domain("job", ("cook", "nurse"))
    >>> real = Table.of([sex, job], np.repeat([[0, 0], [1, 1]], 500, axis=0))
    >>> made = Table.of([sex, job], np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], 250, axis=0))
    >>> found = associations(real, made)
    >>> float(found.real[0, 1]), float(found.synthetic[0, 1]), found.of_shuffled
    (1.0, 0.0, 1.0)
    """
    check_confidence(confidence)
    if len(real.domains) < 2:
        raise DataError("a table of one column has no two columns that could depend on each other.")
    files = binned(real, synthetic, *(() if hold_out is None else (hold_out,)), public=public)
    matrices, apart, stronger = _between(files[0], files[1], confidence)
    floor = None if hold_out is None else _between(files[0], files[2], confidence)[1]
    return Associations(real.names, *matrices, apart, floor, stronger)


def _between(one: Binned, other: Binned, confidence: float) -> tuple[tuple[Floats, Floats], Estimate, Bools]:
    """Both matrices, their mean absolute difference, and where the other one is surely higher."""
    d = len(one.names)
    matrices, stronger = (np.eye(d), np.eye(d)), np.zeros((d, d), bool)
    sets, totals = pairs_of(d), list[RowEffects]()
    sure = float(normal_quantile(1 - (1 - confidence) / 2 / len(sets)))
    for i, j in sets:
        margins = one.margin((i, j)), other.margin((i, j))
        found = [normalised_information(m.share.reshape(m.shape), len(m.cells)) for m in margins]
        for matrix, (value, _) in zip(matrices, found, strict=True):
            matrix[i, j] = matrix[j, i] = value
        sign = float(np.sign(found[0][0] - found[1][0]))
        totals = totals or [RowEffects(margin) for margin in margins]
        spread = 0.0
        for total, margin, (_, effect) in zip(totals, margins, found, strict=True):
            total.add(sign * effect.reshape(-1), margin.cells)
            spread += variance_of_cells(effect.reshape(-1), margin)
        stronger[i, j] = stronger[j, i] = found[1][0] - found[0][0] > sure * sqrt(spread)
    value = float(np.mean([abs(matrices[0][at] - matrices[1][at]) for at in sets]))
    error = sqrt(sum(total.variance(len(sets)) for total in totals))
    half = float(normal_quantile((1 + confidence) / 2)) * error
    return matrices, Estimate(value, value - half, value + half, confidence), stronger


def normalised_information(joint: Floats, n: int) -> tuple[float, Floats]:
    """The normalised mutual information of a margin of n rows, and each cell's effect on it.

    Args:
        joint: float64[r, c], shares.

    Returns:
        the corrected value in [0, 1], and its derivative by the share of each cell, float64[r, c].
    """
    row, column = joint.sum(axis=1), joint.sum(axis=0)
    entropies = [-float((p[p > 0] * np.log(p[p > 0])).sum()) for p in (row, column)]
    least = min(entropies)
    if least <= 0:
        return 0.0, np.zeros_like(joint)
    there = joint > 0
    expected = np.multiply.outer(row, column)
    log_ratio = np.zeros_like(joint)
    log_ratio[there] = np.log(joint[there] / expected[there])
    cells, used = int(there.sum()), (int((row > 0).sum()), int((column > 0).sum()))
    plain = float((joint * log_ratio).sum())
    bias = max(cells - used[0] - used[1] + 1, 0) / (2 * n)
    value = min(max(plain - bias, 0.0), least) / least
    surprise = -np.log(np.where(row > 0, row, 1.0))[:, None] - entropies[0]
    if entropies[1] < entropies[0]:
        surprise = -np.log(np.where(column > 0, column, 1.0))[None, :] - entropies[1]
    return value, (log_ratio - plain - value * surprise) / least


def pairs_of(d: int) -> Sequence[tuple[int, int]]:
    """All pairs of d columns."""
    return [(i, j) for i in range(d) for j in range(i + 1, d)]
