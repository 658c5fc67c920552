"""Buzzigoli, Giusti: An Algorithm to Calculate the Lower and Upper Bounds of an Array's Elements (1998)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from confide.attacks.reconstruction.crosstabs._combinations import NO_BOUND, Combinations
from confide.core.arrays import Array, Bools, Ints
from confide.core.errors import DataError

ROUNDS = 1_000
"""Turns at most: bounds that creep by one a turn are left to the solver, and each is proved as it stands."""


class ContradictionError(DataError):
    """No data set fits the tables; `require_consistent` says why."""

    def __init__(self) -> None:
        super().__init__("no data set fits these tables: publish tables of the same people.")


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """What holds of each combination in every data set that fits: least[c] <= x[c] <= most[c], int64[N]."""

    least: Ints
    most: Ints

    @property
    def free(self) -> Bools:
        """The combinations whose count is not settled, bool[N]."""
        return self.least < self.most


def propagated(found: Combinations, *, start: Bounds | None = None) -> Bounds:
    """Shuttle algorithm: tightens the bounds of all combinations in turns, until nothing changes.

    A combination's count is at most the cell's count minus the least of all others in the cell, and at least
    the cell's least count minus the most of all others. Each step keeps every data set that fits, so both
    bounds are proved; they need not be the best. For the two margins of a table they begin with Fréchet's.

    Raises:
        ContradictionError: if the bounds of a combination or a cell cross.

    Source: Buzzigoli and Giusti 1998; Dobra and Fienberg, PNAS 2000.
    """
    n = len(found)
    least = np.zeros(n, np.int64) if start is None else start.least
    most = np.full(n, NO_BOUND, np.int64) if start is None else start.most
    # Row and column of each entry, int64[entries], in the order of the rows.
    row = np.repeat(np.arange(len(found.low)), np.diff(found.matrix.indptr))
    column = found.matrix.indices
    for _ in range(ROUNDS):
        floor, roof = totals(found.matrix, least), totals(found.matrix, most)
        wrong = (floor > found.high) | (roof < found.low)
        if wrong.any():
            raise ContradictionError
        fewer, more = most.copy(), least.copy()
        np.minimum.at(fewer, column, (found.high - floor)[row] + least[column])
        np.maximum.at(more, column, (found.low - roof)[row] + most[column])
        if (more > fewer).any():
            raise ContradictionError
        if (fewer == most).all() and (more == least).all():
            break
        least, most = more, fewer
    return Bounds(least, most)


def totals(matrix: sparse.csr_array, x: Array) -> Array:
    """What the cells count in a data set x, [m]."""
    return np.asarray(matrix @ x)
