"""Linear equations about secret bits: shares in the cells of random margins of a synthetic file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.answers._fista import minimise
from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.views.table import Table
from confide.views.table_keys import packed

CLOSE, MOST = 1e-4, 1_000
"""The iteration ends when nobody's share moves further in a step, or after this many gradients."""


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Equations "the mean of the bits of the people in this cell is the share in the file", by sets.

    Args:
        cells: for each set, the cell of each of the n people, int64[n].
        rows: for each set, the cell of each row of the file, -1 where nobody is in it, int64[rows].
    """

    cells: tuple[Ints, ...]
    rows: tuple[Ints, ...]

    @classmethod
    def of(cls, people: Table, file: Table, *, columns: int, sets: int, rng: Rng) -> Equations:
        """The equations over random sets of this many columns, or of all columns where there are no more.

        Args:
            people: a precise table of the known columns.
            file: a precise table of the same columns.

        >>> from confide.views.table import Domain
        >>> both = [Domain("sex", ("f", "m"))]
        >>> people, file = Table.of(both, np.array([[0], [0]])), Table.of(both, np.array([[0], [1]]))
        >>> found = Equations.of(people, file, columns=3, sets=1, rng=np.random.default_rng(0))
        >>> found.cells[0].tolist(), found.rows[0].tolist()
        ([0, 0], [0, -1])
        """
        cells, rows, taken = list[Ints](), list[Ints](), min(columns, len(people.domains))
        n, both = len(people), np.concatenate([people.low, file.low])
        for _ in range(sets):
            at = np.sort(rng.permutation(both.shape[1])[:taken])
            word = packed(both[:, at], people.sizes[at])
            keys, cell = np.unique(word[:n], return_inverse=True)
            found = np.minimum(np.searchsorted(keys, word[n:]), len(keys) - 1)
            cells.append(cell.astype(np.int64))
            rows.append(np.where(keys[found] == word[n:], found, -1))
        return cls(tuple(cells), tuple(rows))

    @property
    def number(self) -> int:
        """How many equations there are: cells with people in which the file has rows."""
        return sum(len(np.unique(rows[rows >= 0])) for rows in self.rows)

    def solved(self, holds: Bools) -> tuple[Floats, bool]:
        """The bits in [0, 1] with the least squares, float64[n], and whether the iteration ended.

        An equation about a cell has the weight of its people: its square, divided by their number, is that of
        a sum whose variance grows as their number. So every set alone is an orthogonal projection, and no
        eigenvalue of their mean is above 1.

        Args:
            holds: bool[rows], which rows of the file hold the value.
        """
        n = len(self.cells[0])
        sums = [self._sums(i, holds) for i in range(len(self.cells))]

        def gradient(x: Floats) -> Floats:
            total = np.zeros(n)
            for cell, (size, share, asked) in zip(self.cells, sums, strict=True):
                total += (asked * (np.bincount(cell, x) / size - share))[cell]
            return total / len(sums)

        start = np.full(n, float(holds.mean()))
        found = minimise(gradient, start, curvature=1.0, low=0.0, high=1.0, tolerance=CLOSE, most=MOST)
        return found.x, found.converged

    def _sums(self, i: int, holds: Bools) -> tuple[Floats, Floats, Floats]:
        """Of each cell of a set the people, the share of rows that hold the value, and 1 if it has rows."""
        size = np.bincount(self.cells[i]).astype(np.float64)
        rows = self.rows[i]
        count = np.bincount(rows[rows >= 0], minlength=len(size))
        held = np.bincount(rows[holds & (rows >= 0)], minlength=len(size))
        return size, held / np.maximum(count, 1), (count > 0).astype(np.float64)
