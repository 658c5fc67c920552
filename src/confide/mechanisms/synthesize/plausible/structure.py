"""Hall: Correlation-based Feature Selection (1999); columns with the parents they follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats


@dataclass(frozen=True, slots=True)
class Structure:
    """The order in which columns are drawn, and those before it that each depends on.

    Args:
        order: int[d], columns; the first ones are those that are kept from a seed.
        parents: of the columns in this order, rising positions in the table.
    """

    order: tuple[int, ...]
    parents: tuple[tuple[int, ...], ...]


def merit(correlations: Floats, column: int, parents: tuple[int, ...]) -> float:
    """How well parents say what a column holds: large for parents that go with it and not with each other.

    >>> merit(np.array([[1.0, 0.5], [0.5, 1.0]]), 0, (1,))
    0.5
    """
    if not parents:
        return 0.0
    with_it = correlations[column, list(parents)].sum()
    among = correlations[np.ix_(parents, parents)].sum() - len(parents)
    return float(with_it / math.sqrt(len(parents) + among))


def selected(
    correlations: Floats,
    sizes: tuple[int, ...],
    *,
    keep: int,
    groups: int,
    cells: int,
    target: int | None = None,
) -> Structure:
    """Choose order and parents, greedily.

    The columns that are kept come first: they are handed over as they are, and so say most about others if
    they are correlated with many. Of the others, the one whose parents among those before it have the largest
    merit is next, so that what is drawn late leans on what is known early.

    Args:
        correlations: float64[d, d], from 0 to 1.
        sizes: of the columns.
        keep: how many columns are kept.
        groups: how many different values the kept columns may have together, where columns are small
            enough for that.
        cells: of a column and its parents together, at most; a column alone always fits.
        target: a column that is kept first, and is a parent of every other one that has room for it.
    """
    d = len(sizes)
    order: list[int] = [] if target is None or not keep else [target]
    parents: list[tuple[int, ...]] = [()] * len(order)
    always = tuple(order)
    while len(order) < keep:
        left = _small_enough(sizes, order, keep, groups)
        order.append(max(left, key=lambda c: (_gain(correlations, c, order), -c)))
        parents.append(())
    while len(order) < d:
        left = [c for c in range(d) if c not in order]
        found = {c: _parents(correlations, sizes, c, order, cells, always) for c in left}
        best = max(left, key=lambda c: (merit(correlations, c, found[c]), -c))
        order.append(best)
        parents.append(found[best])
    return Structure(tuple(order), tuple(parents))


def _small_enough(sizes: tuple[int, ...], kept: list[int], keep: int, groups: int) -> list[int]:
    """Columns that can be kept besides these, so that the smallest of the others still fit in."""
    left = sorted((c for c in range(len(sizes)) if c not in kept), key=lambda c: sizes[c])
    taken = math.prod(sizes[c] for c in kept)
    fitting: list[int] = []
    for c in left:
        others = [sizes[o] for o in left if o != c][: keep - len(kept) - 1]
        if taken * sizes[c] * math.prod(others) <= groups:
            fitting.append(c)
    return fitting or left[:1]


def _gain(correlations: Floats, column: int, kept: list[int]) -> float:
    """What a further kept column adds: for each other column, how much better its best kept one becomes."""
    now = correlations[kept].max(axis=0) if kept else np.zeros(len(correlations))
    others = [c for c in range(len(correlations)) if c not in kept]
    return float(np.maximum(correlations[column] - now, 0)[others].sum())


def _parents(
    correlations: Floats,
    sizes: tuple[int, ...],
    column: int,
    placed: list[int],
    cells: int,
    always: tuple[int, ...],
) -> tuple[int, ...]:
    chosen = tuple(c for c in always if sizes[column] * sizes[c] <= cells)
    taken = sizes[column] * math.prod(sizes[c] for c in chosen)
    while True:
        fitting = [c for c in placed if c not in chosen and taken * sizes[c] <= cells]
        if not fitting:
            return tuple(sorted(chosen))
        best = max(fitting, key=lambda c: (merit(correlations, column, (*chosen, c)), -c))
        if merit(correlations, column, (*chosen, best)) <= merit(correlations, column, chosen):
            return tuple(sorted(chosen))
        chosen, taken = (*chosen, best), taken * sizes[best]
