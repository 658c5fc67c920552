"""Linear equations about secret bits: shares in the cells of random margins of a synthetic file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from confide.attacks.reconstruction.answers._fista import minimise
from confide.core.arrays import Array, Floats, Ints, Rng
from confide.views.table import Table
from confide.views.table_keys import packed

Cells: TypeAlias = NDArray[np.int32]
Sparse: TypeAlias = Any  # scipy's stubs know no element types
SHORT = 1 << 22
"""Words are listed up to this many: 16 MB."""
CLOSE, MOST = 1e-3, 100
"""The iteration ends when nobody's share moves further in a step, or after this many gradients."""


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Equations "the mean of the bits of the people in this cell is the share in the file", by sets.

    Args:
        cells: for each set, the cell of each of the n people, int32[n], numbered from 0.
        rows: for each set, the cell of each row of the file, -1 where nobody is in it, int32[rows].
    """

    cells: tuple[Cells, ...]
    rows: tuple[Cells, ...]

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
        taken, both = min(columns, len(people.domains)), np.concatenate([people.low, file.low])
        found: list[tuple[Cells, Cells]] = []
        for _ in range(sets):
            at = np.sort(rng.permutation(both.shape[1])[:taken])
            word = packed(both[:, at], people.sizes[at])
            span = int(np.prod(people.sizes[at].astype(np.float64)))
            found.append(_numbered(word[: len(people)], word[len(people) :], span))
        return cls(tuple(cells for cells, _ in found), tuple(rows for _, rows in found))

    @property
    def number(self) -> int:
        """How many equations there are: cells with people in which the file has rows."""
        return sum(len(np.unique(rows[rows >= 0])) for rows in self.rows)

    def solved(self, codes: Array, values: Array) -> tuple[Floats, bool]:
        """The bits in [0, 1] with the least squares, float64[n, v], and whether the iteration ended.

        An equation about a cell has the weight of its people: its square, divided by their number, is that of
        a sum whose variance grows as their number. So every set alone is an orthogonal projection, and no
        eigenvalue of their mean is above 1.

        Args:
            codes: int[rows], the value of each row of the file.
            values: int[v], of each of which everybody has a bit.
        """
        n, v, (means, back) = len(self.cells[0]), len(values), self._maps()
        shares = self._shares(codes, values)
        # A cell of which the file says nothing asks for nothing.
        asked = ~np.isnan(shares[:, :1])
        wanted = np.where(asked, shares, 0.0)

        def gradient(x: Floats) -> Floats:
            return (back @ (asked * (means @ x.reshape(n, v)) - wanted)).ravel()

        start = np.tile((codes[:, None] == values).mean(axis=0), n)
        found = minimise(gradient, start, curvature=1.0, low=0.0, high=1.0, tolerance=CLOSE, most=MOST)
        return found.x.reshape(n, v), found.converged

    def _maps(self) -> tuple[Sparse, Sparse]:
        """From bits to the mean in each cell of all sets, and from cells back to people, over the sets."""
        n, sets = len(self.cells[0]), len(self.cells)
        starts = np.cumsum([0, *(int(cell.max()) + 1 for cell in self.cells)])
        cell = np.stack([cell + start for cell, start in zip(self.cells, starts[:-1], strict=True)], axis=1)
        ends = np.arange(0, n * sets + 1, sets)
        back = csr_array((np.full(n * sets, 1 / sets), cell.ravel(), ends), shape=(n, int(starts[-1])))
        size = np.bincount(cell.ravel(), minlength=int(starts[-1]))
        means = csr_array(back.T)
        means.data[:] = np.repeat(1 / size, size)
        return means, back

    def _shares(self, codes: Array, values: Array) -> Floats:
        """The share of the rows in each cell that hold each value, float64[cells, v]; NaN for none."""
        shares: list[Floats] = []
        order = np.argsort(values)
        at = np.minimum(np.searchsorted(values, codes, sorter=order), len(values) - 1)
        column = np.where(values[order[at]] == codes, order[at], len(values))
        for cells, rows in zip(self.cells, self.rows, strict=True):
            number, there = int(cells.max()) + 1, rows >= 0
            word = rows[there].astype(np.int64) * (len(values) + 1) + column[there]
            count = np.bincount(word, minlength=number * (len(values) + 1)).reshape(number, -1)
            total = count.sum(axis=1, keepdims=True)
            shares.append(np.where(total > 0, count[:, :-1] / np.maximum(total, 1), np.nan))
        return np.concatenate(shares)


def _numbered(people: Ints, rows: Ints, span: int) -> tuple[Cells, Cells]:
    """The words of people numbered from 0, and those of rows by the same numbers, -1 for other words.

    >>> people, rows = _numbered(np.array([7, 2, 7]), np.array([2, 5]), 9)
    >>> people.tolist(), rows.tolist()
    ([1, 0, 1], [0, -1])
    """
    if span <= SHORT:  # a list of all words is faster than sorting
        number = np.full(span, -1, np.int32)
        there = np.flatnonzero(np.bincount(people, minlength=span))
        number[there] = np.arange(len(there))
        return number[people], number[rows]
    keys, cell = np.unique(people, return_inverse=True)
    at = np.minimum(np.searchsorted(keys, rows), len(keys) - 1)
    return cell.astype(np.int32), np.where(keys[at] == rows, at, -1).astype(np.int32)
