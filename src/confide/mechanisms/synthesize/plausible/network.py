"""A Bayesian network whose tables come from noised counts, and which draws columns in whole numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng
from confide.mechanisms.noise.words import MOST, Words, below
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.plausible.structure import Structure
from confide.views.margins import Measured
from confide.views.table import Table

WHOLE = 1 << 40
"""Probabilities are whole multiples of one in this many, so that they are drawn exactly."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conditional:
    """The chances of a column's values, given its parents.

    Args:
        column: by position.
        parents: by position, rising.
        sizes: of the parents.
        upto: int64[cells of the parents, values], how many of WHOLE draws give this value or one before it.
    """

    column: int
    parents: tuple[int, ...]
    sizes: tuple[int, ...]
    upto: Ints

    def drawn(self, rows: NDArray[np.int32], words: Words) -> NDArray[np.int32]:
        """A value for each row, given the parents in it: int32[n]."""
        at = np.zeros(len(rows), np.int64)
        for parent, size in zip(self.parents, self.sizes, strict=True):
            at = at * size + rows[:, parent]
        found = [
            (self.upto[part] <= below(WHOLE, len(part), words)[:, None]).sum(axis=1, dtype=np.int32)
            for part in np.split(at, range(MOST // 16, len(at), MOST // 16))
        ]
        return np.concatenate(found)

    def chances(self) -> Floats:
        """float64[cells of the parents, values]; rows add up to 1."""
        return np.diff(self.upto, axis=1, prepend=0) / WHOLE


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A generator M: of a seed it keeps the first columns of its order, and draws the others.

    Args:
        structure: order and parents.
        keep: how many columns are kept.
        conditionals: of the columns that are drawn, in order.
    """

    structure: Structure
    keep: int
    conditionals: tuple[Conditional, ...]

    @property
    def kept(self) -> tuple[int, ...]:
        """The columns that are kept, by position."""
        return self.structure.order[: self.keep]

    def drawn(self, seeds: NDArray[np.int32], words: Words) -> NDArray[np.int32]:
        """A record of each seed, int32[n, d]."""
        rows = np.zeros_like(seeds)
        rows[:, self.kept] = seeds[:, self.kept]
        for conditional in self.conditionals:
            rows[:, conditional.column] = conditional.drawn(rows, words)
        return rows

    def probabilities(self, record: NDArray[np.int32], seeds: NDArray[np.int32]) -> Floats:
        """P[record = M(seed)] for each seed, float64[n]: 1[kept equal] times the chance of what is drawn."""
        chance = 1.0
        for c in self.conditionals:
            cell = int(np.ravel_multi_index(tuple(record[list(c.parents)]), c.sizes)) if c.parents else 0
            chance *= float(c.chances()[cell, record[c.column]])
        return chance * (seeds[:, self.kept] == record[list(self.kept)]).all(axis=1)


def learnt(
    table: Table, structure: Structure, *, keep: int, spends: Concentrated, rho: float, rng: Rng
) -> tuple[Network, tuple[Measured, ...]]:
    """Learn the tables of a network from noised counts: the means of Dirichlet posteriors.

    Args:
        table: the rows that are set aside for this.
        structure: order and parents.
        keep: how many columns are kept; nothing is counted for these.
        spends: the budget that `rho` is a part of.
        rho: for all tables together, in even parts.
        rng: of a rehearsal.
    """
    sizes = tuple(int(size) for size in table.sizes)
    resampled = list(zip(structure.order, structure.parents, strict=True))[keep:]
    measured: list[Measured] = []
    found: list[Conditional] = []
    for column, parents in resampled:
        columns = tuple(sorted((*parents, column)))
        margin = spends.measure(table, columns, rho=rho / len(resampled), rng=rng)
        counts = np.moveaxis(margin.counts, columns.index(column), -1).reshape(-1, sizes[column])
        measured.append(margin)
        found.append(
            Conditional(
                column=column,
                parents=parents,
                sizes=tuple(sizes[p] for p in parents),
                upto=_whole(_posterior(nearest(counts), margin.sigma)),
            )
        )
    return Network(structure, keep, tuple(found)), tuple(measured)


def nearest(counts: Floats) -> Floats:
    """The nearest counts that are not negative and have the same sum, by the Euclidean distance.

    Noise on empty cells, cut off at 0, would make rows of nothing; here the same is taken off every cell.

    >>> nearest(np.array([5.0, 3.0, -2.0])).tolist()
    [4.0, 2.0, 0.0]
    """
    total = max(float(counts.sum()), 1.0)
    falling = np.sort(counts, axis=None)[::-1]
    over = (np.cumsum(falling) - total) / np.arange(1, falling.size + 1)
    last = np.flatnonzero(falling > over)[-1]
    return np.maximum(counts - over[last], 0)


def _posterior(counts: Floats, sigma: float) -> Floats:
    """Chances given the parents, with a prior of the column's own shares.

    The prior weighs as many rows as noise moves a parent's count by: where parents are rarer than the noise,
    the column alone speaks.
    """
    own = counts.sum(axis=0) + 1
    prior = sigma * math.sqrt(counts.shape[1]) * own / own.sum()
    posterior = counts + prior
    return posterior / posterior.sum(axis=1, keepdims=True)


def _whole(chances: Floats) -> Ints:
    upto = np.rint(np.cumsum(chances, axis=1) * WHOLE).astype(np.int64)
    upto[:, -1] = WHOLE
    return np.minimum.accumulate(upto[:, ::-1], axis=1)[:, ::-1]
