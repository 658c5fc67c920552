"""Local non-negativity (Mullins et al. 2024): the nearest residuals whose margins have no cell below 0."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.synthesize.subsets import Columns, assembled, below, residual, spread

ENOUGH = 1e-3
"""Rows below 0, as a share of all rows, at which the search ends."""


def nearest_nonnegative(
    sizes: Sequence[int],
    residuals: Mapping[Columns, Floats],
    precision: Mapping[Columns, float],
    sets: Sequence[Columns],
    *,
    steps: int,
) -> dict[Columns, Floats]:
    """Find the nearest residuals for which no margin of `sets` has a cell below 0.

    Minimises sum over t of precision[t] |z[t] - residuals[t]|^2 / 2 such that every margin is at least 0, by
    accelerated ascent in the dual: one multiplier for each cell. The step is one over the curvature, which
    the sum over the sets bounds. Margins stay consistent with each other, as they come from one set of
    residuals; a few cells remain below 0 by a little. The number of rows stays.

    Args:
        sizes: the number of values of each column.
        residuals: those that were estimated; others below `sets` are 0 and stay 0.
        precision: of each.
        sets: the columns of each margin.
        steps: at most.
    """
    movable = {part for part in residuals if part and 0 < precision[part] < math.inf}
    step = 1 / _curvature(sizes, precision, sets, movable)
    duals = {columns: np.zeros([sizes[c] for c in columns]) for columns in sets}
    ahead, found = dict(duals), dict(residuals)
    rows, momentum = abs(float(residuals[()])), 1.0
    for _ in range(steps):
        found = _moved(sizes, residuals, precision, ahead, movable)
        margins = {columns: assembled(sizes, columns, found) for columns in sets}
        if max(-np.minimum(margin, 0).sum() for margin in margins.values()) <= ENOUGH * rows:
            break
        raised = {columns: np.maximum(ahead[columns] - step * margins[columns], 0) for columns in sets}
        following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = {
            columns: raised[columns] + (momentum - 1) / following * (raised[columns] - duals[columns])
            for columns in sets
        }
        duals, momentum = raised, following
    return found


def _moved(
    sizes: Sequence[int],
    residuals: Mapping[Columns, Floats],
    precision: Mapping[Columns, float],
    duals: Mapping[Columns, Floats],
    movable: set[Columns],
) -> dict[Columns, Floats]:
    """The residuals that are best for these multipliers."""
    found = dict(residuals)
    for columns, dual in duals.items():
        if not dual.any():
            continue
        for part in below(columns):
            if part in movable:
                pull = residual(dual, columns, part) / spread(sizes, part, columns)
                found[part] = found[part] + pull / precision[part]
    return found


def _curvature(
    sizes: Sequence[int],
    precision: Mapping[Columns, float],
    sets: Sequence[Columns],
    movable: set[Columns],
) -> float:
    # Residuals are orthogonal: the curvature is the largest of them, each summed over the sets that hold it.
    sums: dict[Columns, float] = {}
    for columns in sets:
        for part in below(columns):
            if part in movable:
                share = 1 / (precision[part] * spread(sizes, part, columns))
                sums[part] = sums.get(part, 0.0) + share
    return max(sums.values(), default=1.0)
