"""Margins of a table, counted with noise: what a synthesiser looks at, and all that its rows are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.core.language import later
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A margin of a table, counted with noise.

    Args:
        columns: by position, rising.
        counts: float64, one axis a column: the rows in each cell, with noise. They can be below 0.
        sigma: the deviation of the noise on each count.
        rho: what it cost, of zero-concentrated differential privacy.
        chosen: whether it was chosen by looking at the data, under noise.
        merged: where rare values were counted together, int64 for each axis: the place on the axis of each
            value of the column. None where each value has its own place.
    """

    columns: tuple[int, ...]
    counts: Floats
    sigma: float
    rho: float
    chosen: bool = False
    merged: tuple[Ints, ...] | None = None

    def cells_of(self, table: Table) -> Ints:
        """The cell of each row of a precise table, int64[n], of the cells in a row."""
        axes = [table.low[:, column] for column in self.columns]
        if self.merged is not None:
            axes = [to[codes] for to, codes in zip(self.merged, axes, strict=True)]
        return (
            np.ravel_multi_index(tuple(axes), self.counts.shape) if axes else np.zeros(len(table), np.int64)
        )


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class NoisedMargins:
    """All margins that a synthesiser measured of one table.

    Args:
        domains: of the table's columns.
        margins: what was measured.
    """

    shown: ClassVar[str] = later("noised margins")

    domains: tuple[Domain, ...]
    margins: tuple[Measured, ...]


def counted(table: Table, columns: tuple[int, ...]) -> Ints:
    """The rows in each cell of these columns, exactly: int64, one axis a column.

    Raises:
        DataError: if cells hold ranges of values.

    >>> table = Table.of([Domain("a", ("0", "1")), Domain("b", ("0", "1"))], np.array([[0, 1], [1, 1]]))
    >>> counted(table, (0, 1)).tolist()
    [[0, 1], [0, 1]]
    """
    if not table.precise:
        raise DataError("the table has cells that hold several values: give the one that was collected.")
    sizes = tuple(int(size) for size in table.sizes[list(columns)])
    if not columns:
        return np.array(len(table), np.int64)
    at = np.ravel_multi_index(tuple(table.low[:, c] for c in columns), sizes)
    return np.bincount(at, minlength=int(np.prod(sizes))).reshape(sizes)
