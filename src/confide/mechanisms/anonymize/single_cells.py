"""Single cells of the people at risk, suppressed where that gives them most company.

Source: local suppression one cell at a time, as in Willenborg, de Waal: Elements of Statistical Disclosure
Control (2001), chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.measure.best_suppression import best_suppression
from confide.mechanisms.anonymize.suppression import refuse_no_columns, suppressed
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleCells:
    """Suppresses one cell of everybody in a class of fewer than k people: the cell that gives them away most.

    The column is the one without which most rows look like theirs. All people of a class look the same, so
    that they lose the same cell and stay together: no class becomes smaller, and what k, l and t were kept
    before is kept after. Cells that say nothing already are no choice, and classes in which no cell helps
    stay as they are.

    There is no promise, not even of k people: a person with one cell less can still be alone.

    Args:
        known: the columns that an adversary may know.
        k: people in classes of at least this many lose nothing.

    Raises:
        PromiseError: if no column is named, or k is below 2.

    >>> from confide.views.table import Domain
    >>> sex, age = Domain("sex", ("f", "m")), Domain("age", ("30", "31"))
    >>> people = Table.of([sex, age], np.array([[0, 0], [1, 0], [1, 0], [1, 1]]))
    >>> view = SingleCells(known=("sex", "age"), k=2)(people, rng=None).view
    >>> [(view.cell(row, 0), view.cell(row, 1)) for row in range(4)]
    [('*', '30'), ('m', '30'), ('m', '30'), ('m', '*')]
    """

    known: tuple[str, ...]
    k: int = 10

    def __post_init__(self) -> None:
        refuse_no_columns(self.known)
        if self.k < 2:
            raise PromiseError(f"k is {self.k}, and every row is like itself: give 2 or more.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table without these cells.

        Raises:
            DataError: if a column is not there.
        """
        seen = data.only(self.known)
        found = best_suppression(seen)
        silent = seen.suppressed | (seen.sizes == 1)
        without = np.where(silent, 0, found.without)
        best = without.argmax(axis=1)
        helps = (found.now < self.k) & (without.max(axis=1) > found.now)
        at = np.array([data.at(name) for name in self.known])
        cells = np.zeros(data.low.shape, np.bool_)
        cells[np.flatnonzero(helps), at[best[helps]]] = True
        return Release(suppressed(data, cells), None, "SingleCells")
