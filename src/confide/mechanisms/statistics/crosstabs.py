"""Contingency tables as they are counted, without a promise; small counts may be hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.nouns import Release
from confide.views.crosstab_sums import people
from confide.views.crosstabs import ALL, Crosstab, Crosstabs
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabulated:
    """Counts people in tables over sets of columns, exactly; makes no promise.

    Hiding small counts is no promise either: the other counts bound what is hidden.

    Args:
        sets: the columns of each table, by name.
        hidden_below: counts from 1 to below this are hidden; 0 hides none.
    """

    sets: tuple[tuple[str, ...], ...]
    hidden_below: int = 0

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng) -> Release[Crosstabs]:
        """Count and publish."""
        view = Crosstabs.of(data, self.sets)
        view = view.hiding(self.hidden_below) if self.hidden_below else view
        return Release(view, self.budget, "Tabulated")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TabulatedAgain:
    """Counts other people in the cells of tables that were published before; makes no promise.

    Args:
        tables: that were published; their counts are not looked at, but which cells there are.
        hidden: the least and the greatest count that is hidden; None hides none by its size.
        same: whether the cells that were hidden are hidden again, whatever their count: where nobody says
            what a mark means, any count may stand behind it.
    """

    tables: Crosstabs
    hidden: tuple[int, int] | None = None
    same: bool = False

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng) -> Release[Crosstabs]:
        """Count and publish."""
        counted = recounted(self.tables, data)
        if self.hidden is None and not self.same:
            return Release(counted, self.budget, "TabulatedAgain")
        # Behind a mark that says nothing may be anybody.
        most = people(counted)[1] or len(data)
        shown = [
            self._hide(*pair, most=most) for pair in zip(counted.tables, self.tables.tables, strict=True)
        ]
        return Release(replace(counted, tables=tuple(shown)), self.budget, "TabulatedAgain")

    def _hide(self, table: Crosstab, before: Crosstab, *, most: int) -> Crosstab:
        low, high = table.low, table.high
        if self.hidden is not None:
            small = (table.low >= self.hidden[0]) & (table.high <= self.hidden[1])
            low, high = np.where(small, self.hidden[0], low), np.where(small, self.hidden[1], high)
        if self.same:
            low, high = np.where(before.hidden, 0, low), np.where(before.hidden, most, high)
        return replace(table, low=low, high=high)


def recounted(tables: Crosstabs, people: Table) -> Crosstabs:
    """The same cells with the exact counts of these people.

    Args:
        tables: the cells.
        people: with the columns of the release, in its order, and one value in each cell.

    >>> from confide.views.table import Domain
    >>> sex = Domain("sex", ("f", "m"))
    >>> some = Table.of([sex], np.array([[0], [1], [1]]))
    >>> recounted(Crosstabs.of(some, [["sex"]]), some.take(np.array([0, 1]))).tables[0].low.tolist()
    [1, 1]
    """
    return replace(tables, tables=tuple(_counted(table, people) for table in tables.tables), exact=True)


def _counted(table: Crosstab, people: Table) -> Crosstab:
    count = np.zeros(len(table), np.int64)
    # Cells with totals over the same columns are counted together.
    kinds, which = np.unique(table.codes != ALL, axis=0, return_inverse=True)
    for i, kind in enumerate(kinds):
        cells, at = np.flatnonzero(which.ravel() == i), np.flatnonzero(kind)
        own = people.low[:, [table.columns[j] for j in at]]
        seen, often = np.unique(own, axis=0, return_counts=True)
        found = dict(zip(map(tuple, seen.tolist()), often.tolist(), strict=True))
        wanted: list[tuple[int, ...]] = list(map(tuple, table.codes[np.ix_(cells, at)].tolist()))
        count[cells] = [found.get(key, 0) for key in wanted]
    counts: Ints = count
    return replace(table, low=counts, high=counts)
