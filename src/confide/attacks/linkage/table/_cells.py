"""Distinct cells of each column, and distinct rows: what is compared with facts is compared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints
from confide.views.table import Table
from confide.views.table_keys import Keys

Column: TypeAlias = NDArray[np.float32]

SMOOTHING = 1.0
"""The rows that are added to a column's law, spread evenly: no value has the chance 0."""
SHORT = 4_096
"""Columns with more cells are worked out again for each target: few targets share a value there."""
ROUNDS = 5
"""Of EM for a law behind ranges. It starts at ranges that are spread evenly, and moves little after that."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A released table as q distinct rows over the distinct cells of d columns; a cell is a range of codes.

    Args:
        low, high: of each column int64[cells], the range of each of its distinct cells.
        at: int32[q, d], the cell of each distinct row.
        count: int64[q], the number of released rows that are like it.
        first: int64[q], the first of these rows.
        row: int64[n], the distinct row of each released row.
    """

    low: tuple[Ints, ...]
    high: tuple[Ints, ...]
    at: NDArray[np.int32]
    count: Array
    first: Ints
    row: Ints

    @classmethod
    def of(cls, table: Table) -> Cells:
        """Those of a released table with one row or more."""
        low: list[Ints] = []
        high: list[Ints] = []
        at = np.empty(table.low.shape, np.int32)
        for column, size in enumerate(table.sizes.tolist()):
            word = table.low[:, column].astype(np.int64) * size + table.high[:, column]
            cells, at[:, column] = np.unique(word, return_inverse=True)
            low.append(cells // size)
            high.append(cells % size)
        keys = Keys.of(at, np.array([len(one) for one in low]))
        first = np.full(len(keys.codes), len(table))
        np.minimum.at(first, keys.row, np.arange(len(table)))
        return cls(tuple(low), tuple(high), keys.codes, keys.count, first, keys.row)

    @property
    def people(self) -> int:
        """The number of released rows, n."""
        return int(self.count.sum())

    def law(self, column: int, size: int) -> Floats:
        """The chance of each value of a column, float64[size], by EM over ranges.

        A cell's rows are shared out among its values in proportion to the law of the round before.
        A value that no row may have gets a little.
        """
        low, high = self.low[column], self.high[column]
        rows = np.bincount(self.at[:, column], self.count, minlength=len(low))
        law = np.full(size, 1 / size)
        for _ in range(1 if (low == high).all() else ROUNDS):
            # What each value gets from the cells that cover it: a difference array, summed up.
            per_chance = np.zeros(size + 1)
            given = rows / mass(law, low, high)
            np.add.at(per_chance, low, given)
            np.add.at(per_chance, high + 1, -given)
            law = law * np.cumsum(per_chance[:-1]) + SMOOTHING / size
            law = np.maximum(law, SMOOTHING / size)  # sums that should be 0 are a little below
            law /= law.sum()
        return law


class Sums:
    """A sum over columns for each distinct row, for the facts about one target after the other.

    Args:
        cells: the release.
        worth: of a fact (column, code): what each cell of the column adds, float64[cells].
    """

    def __init__(self, cells: Cells, worth: Callable[[int, int], Floats]) -> None:
        # By column, so that one column is read at a stretch.
        self._at, self._worth = np.ascontiguousarray(cells.at.T), worth
        # Many targets share a value: what a column adds is worked out once for each.
        self._known: dict[tuple[int, int], Column] = {}

    def of(self, facts: Array, at: Array | None = None) -> Column:
        """float32[q]: half the memory of float64, through which everything here passes.

        Args:
            facts: int[d], the code in each column.
            at: int[d, q], the cells of other rows than the distinct ones of the release.
        """
        at = self._at if at is None else at
        total = np.zeros(at.shape[1], np.float32)
        for column, fact in enumerate(facts.tolist()):
            table = self._known.get((column, fact))
            if table is None:
                table = self._worth(column, fact).astype(np.float32)
                if len(table) <= SHORT:
                    self._known[column, fact] = table
            total += table.take(at[column])
        return total


def mass(law: Floats, low: Array, high: Array) -> Floats:
    """The chance of each range of codes low..high, float64 as `low`."""
    below = np.append(0.0, np.cumsum(law))
    return below[high + 1] - below[low]
