"""Nearest precise records: categories in 64-bit words, mismatches counted by bits, numbers last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints
from confide.views.table import Table
from confide.views.table_keys import Keys
from confide.views.table_nearest_loop import Loop, loop_for
from confide.views.table_words import Layout, Words

FEW = 64
"""Up to this many records, looking at all their numbers is faster than leaving some out."""
FAR = 1e9
"""The place of a missing number: farther than 1 from all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Precise records, ready to find the nearest ones of a query. Make one with `Packed.of`.

    Args:
        layout: of the categories.
        words: uint64[words, u], the distinct rows of categories.
        start, size: int64[u], the place of the first record of each in `row`, and their number.
        row: int64[n], the records in the order of `words`.
        numbers: float32[columns, n], in the same order, in units of `units`.
        units: float64[d], in which the numbers of each column are counted.
    """

    layout: Layout
    words: Words
    start: Ints
    size: Ints
    row: Ints
    numbers: NDArray[np.float32]
    units: Floats

    @classmethod
    def of(cls, table: Table, *, units: Floats | None = None) -> Packed:
        """Pack the rows of a precise table.

        Args:
            units: float64[d], in which the numbers of each column are counted; standard deviations by
                default, and `ranges` for the distance of Gower (1971).
        """
        category = [i for i, domain in enumerate(table.domains) if domain.numbers is None]
        sizes = table.sizes[category]
        keys = Keys.of(table.low[:, category], sizes)
        row = np.argsort(keys.row, kind="stable")
        layout = Layout.of(sizes.tolist())
        units = spreads(table) if units is None else units
        size = keys.count.astype(np.int64)
        numbers = np.ascontiguousarray(_scaled(table, units)[:, row])
        return cls(layout, layout.pack(keys.codes), np.cumsum(size) - size, size, row, numbers, units)

    def nearest(self, queries: Table, *, count: int) -> tuple[Ints, Floats]:
        """The nearest records of each query under the same domains: rows int64[t, count], distances, rising.

        The distance is the number of categories that differ, and for each number the difference in units
        of its column, at most 1. Records at equal distances stand in the order of their rows.
        Where numba is installed, a compiled loop gives the same for large tables in less time.
        """
        count = min(count, len(self.row))
        category = [i for i, domain in enumerate(queries.domains) if domain.numbers is None]
        words, numbers = self.layout.pack(queries.low[:, category]), _scaled(queries, self.units)
        if loop := loop_for(self.words.shape[1], len(queries)):
            return self.by(loop, words, numbers, count)
        rows, apart = np.empty((len(queries), count), np.int64), np.empty((len(queries), count))
        for i in range(len(queries)):
            rows[i], apart[i] = self._nearest(words[:, i], numbers[:, i], count)
        return rows, apart

    def by(self, loop: Loop, words: Words, numbers: NDArray[np.float32], count: int) -> tuple[Ints, Floats]:
        """The nearest records by a loop over all queries at once.

        Args:
            words: uint64[words, t], the categories of the queries.
            numbers: float32[columns, t], their numbers.
        """
        rows = np.empty((words.shape[1], count), np.int64)
        apart = np.empty(rows.shape, np.float32)
        loop(
            self.words,
            np.array(self.layout.carry, np.uint64),
            np.array(self.layout.spare, np.uint64),
            self.start,
            self.size,
            self.row,
            np.ascontiguousarray(self.numbers.T),
            words,
            numbers,
            rows,
            apart,
        )
        return rows, apart.astype(np.float64)

    def _nearest(self, word: Words, number: NDArray[np.float32], count: int) -> tuple[Ints, Floats]:
        mismatches = self.layout.mismatches(self.words, word)
        row, apart, bound = np.empty(0, np.int64), np.empty(0), np.inf
        for level in np.flatnonzero(np.bincount(mismatches)).tolist():
            if level > bound:  # numbers only add to it
                break
            here, far = self._within(np.flatnonzero(mismatches == level), level, number, bound)
            row, apart = np.append(row, self.row[here]), np.append(apart, far)
            best = _smallest(apart, row, count)
            row, apart = row[best], apart[best]
            bound = apart[-1] if len(apart) == count else np.inf
        return row, apart

    def _within(
        self, words: Ints, level: int, number: NDArray[np.float32], bound: float
    ) -> tuple[Ints, Floats]:
        """The records of these words, of `level` mismatches each, up to a distance: places, distances."""
        size = self.size[words]
        ends = np.cumsum(size)
        here = np.arange(ends[-1]) + np.repeat(self.start[words] - ends + size, size)
        apart = np.full(len(here), level, np.float32)
        for column, x in zip(self.numbers, number, strict=True):
            apart += np.minimum(np.abs(column[here] - x), np.float32(1))
            if len(here) > FEW:
                near = np.flatnonzero(apart <= bound)
                here, apart = here[near], apart[near]
        return here, apart.astype(np.float64)


def _smallest(apart: Floats, row: Ints, count: int) -> Ints:
    """The positions of the smallest distances, rising; of equal ones the first rows."""
    if len(apart) > count:
        near = np.flatnonzero(apart <= np.partition(apart, count - 1)[count - 1])
    else:
        near = np.arange(len(apart))
    return near[np.lexsort((row[near], apart[near]))[:count]]


def _scaled(table: Table, units: Floats) -> NDArray[np.float32]:
    """The number columns of a precise table in these units, float32[columns, n]."""
    columns = [
        scaled(domain.numbers, units[i])[table.low[:, i]]
        for i, domain in enumerate(table.domains)
        if domain.numbers is not None
    ]
    return np.array(columns, np.float32).reshape(len(columns), len(table))


def spreads(table: Table) -> Floats:
    """The standard deviation of each number column over the rows, in the middle of ranges; 1 where it is 0 or
    the column holds categories: float64[d]."""
    found = np.ones(len(table.domains))
    for i, domain in enumerate(table.domains):
        if domain.numbers is not None:
            middle = (domain.numbers[table.low[:, i]] + domain.numbers[table.high[:, i]]) / 2
            known = middle[~np.isnan(middle)]
            found[i] = (known.std() if len(known) else 0) or 1.0
    return found


def ranges(table: Table) -> Floats:
    """The greatest number of each column over the rows less the smallest; 1 where it is 0 or the column holds
    categories: float64[d].

    >>> from confide.views.table import Domain
    >>> age = Domain("age", ("20", "30", "90", ""), np.array([20.0, 30.0, 90.0, np.nan]), missing=True)
    >>> ranges(Table.of([age], np.array([[1], [0], [3]]))).tolist()
    [10.0]
    """
    found = np.ones(len(table.domains))
    for i, domain in enumerate(table.domains):
        if domain.numbers is not None:
            held = domain.numbers[np.unique(table.low[:, i])]
            known = held[~np.isnan(held)]
            found[i] = (known.max() - known.min() if len(known) else 0) or 1.0
    return found


def scaled(numbers: Floats, unit: float) -> Floats:
    """The numbers of a domain in a unit, from 0 on, and a missing one `FAR` away."""
    known = numbers[~np.isnan(numbers)]
    low = known.min() if len(known) else 0.0
    return np.where(np.isnan(numbers), FAR, (numbers - low) / unit)
