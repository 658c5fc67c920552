"""The cell of each person whose suppression hides them best.

Source: local suppression one cell at a time, as in Willenborg, de Waal: Elements of Statistical Disclosure
Control (2001), chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.measure.class_risk import keys_of
from confide.views.table import Table
from confide.views.table_keys import Keys, distinct_people


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BestSuppression:
    """For each row, what the suppression of one cell does to its class.

    Args:
        names: of the d columns.
        now: int64[n], how many people have the same key as each row, its person included.
        without: int64[n, d], how many have the same key if one column is left out.
    """

    names: tuple[str, ...]
    now: Ints
    without: Ints

    @property
    def column(self) -> Ints:
        """The column whose suppression helps most, the first of equal ones, int64[n]; -1 where none helps."""
        if not self.names:
            return np.full(len(self.now), -1)
        best = self.without.argmax(axis=1)
        return np.where(self.without.max(axis=1) > self.now, best, -1)

    @property
    def then(self) -> Ints:
        """The size of the class if this cell is suppressed, int64[n]."""
        return self.without.max(axis=1) if self.names else self.now

    @property
    def gain(self) -> Floats:
        """By how much the prosecutor's risk falls: 1 / now - 1 / then, float64[n]."""
        return 1 / self.now - 1 / self.then


def best_suppression(table: Table) -> BestSuppression:
    """Find for each person the column whose suppression most enlarges their class.

    Let c(i) be the number of people with a row that equals row i on all d columns, and c(i, -j) that of
    people with one that equals it on all but column j. With cell (i, j) suppressed, row i may be any of
    c(i, -j) people. The best column has the largest c(i, -j); it is at least c(i). Ranges are equal where
    both ends are.

    The counts come from the distinct keys, once for each column: no pair of rows is looked at.

    >>> from confide.views.table import Domain
    >>> sex, age = Domain("sex", ("f", "m")), Domain("age", ("30", "31"))
    >>> found = best_suppression(Table.of([sex, age], np.array([[0, 0], [1, 0], [1, 0], [1, 1]])))
    >>> found.now.tolist(), found.column.tolist(), found.then.tolist()
    ([1, 2, 2, 1], [0, 0, 0, 1], [3, 3, 3, 3])
    """
    keys = keys_of(table)
    d = len(table.domains)
    sizes = np.tile(table.sizes, keys.codes.shape[1] // max(d, 1))
    without = np.empty((len(keys.codes), d), np.int64)
    for j in range(d):
        left = [i for i in range(keys.codes.shape[1]) if i % d != j]  # of ranges both ends are left out
        fewer = Keys.of(keys.codes[:, left], sizes[left], weight=keys.count.astype(np.float64))
        if table.people is not None:
            # Somebody may have rows of several keys that are joined: sums over keys would count them twice.
            joined = distinct_people(fewer.row[keys.row], table.people, len(fewer.codes))
            without[:, j] = joined[fewer.row]
        else:
            without[:, j] = np.rint(fewer.count[fewer.row])
    return BestSuppression(
        names=table.names, now=keys.count[keys.row].astype(np.int64), without=without[keys.row]
    )
