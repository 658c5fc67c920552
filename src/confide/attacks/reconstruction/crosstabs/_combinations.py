"""The combinations of values that people may have, given the tables, and what each cell says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from confide.core.arrays import Array, Bools, Ints
from confide.core.errors import DataError
from confide.views.crosstab_sums import implied, sources
from confide.views.crosstabs import ALL, MOST, Crosstab, Crosstabs

WIDEST = 2_000_000
"""Combinations at most while columns are joined: above it no solver ends."""
NO_BOUND = 2**40
"""More people than there are: the count of a combination about which no table says anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Combinations:
    """N combinations of values, and m statements about how many people have them.

    A data set is a vector x of whole numbers, x[c] >= 0 people with combination c. It fits the tables if
    low <= matrix @ x <= high. A combination with a published zero in any table is left out: nobody has it.
    So is one that no cell counts: nothing is known of it.

    Args:
        codes: int32[N, d], the values of each.
        matrix: int64[m, N], sparse, 0 or 1: which combinations a cell counts.
        low, high: int64[m], the least and the greatest count of the cell.
        cell: int64[m, 2], the number of the table and of the cell in it.
        redundant: bool[m], which statements follow from others that add up to them.
    """

    codes: NDArray[np.int32]
    matrix: sparse.csr_array
    low: Ints
    high: Ints
    cell: Ints
    redundant: Bools

    def __len__(self) -> int:
        return len(self.codes)


def combinations(view: Crosstabs, *, prune: bool = True) -> Combinations:
    """Join the columns one by one, and drop at once what a zero rules out.

    Args:
        view: the tables.
        prune: whether zeros rule out; not where counts carry noise.

    Raises:
        DataError: if too many combinations are left.
    """
    limits = [_limit(table, view.sizes) if prune else None for table in view.tables]
    codes = np.zeros((1, 0), np.int32)
    for column, size in enumerate(view.sizes.tolist()):
        if len(codes) * size > WIDEST:
            raise DataError(
                f"more than {WIDEST:,} combinations of values fit these tables: give tables of fewer columns."
            )
        codes = np.column_stack(
            [np.repeat(codes, size, axis=0), np.tile(np.arange(size, dtype=np.int32), len(codes))]
        )
        for table, limit in zip(view.tables, limits, strict=True):
            if limit is None or column not in table.columns:
                continue
            known = [i for i in table.columns if i <= column]
            # Some completion by the columns to come must be left.
            open_to = np.asarray(limit.any(axis=tuple(range(len(known), limit.ndim))))
            codes = codes[open_to[tuple(codes[:, known].T)]]
    return _stated(view, codes)


def _limit(table: Crosstab, sizes: Ints) -> Array:
    """Whether anybody can have these values of the table's columns, bool[sizes of its columns]."""
    shape = tuple(int(sizes[i]) for i in table.columns)
    if np.prod(shape, dtype=np.float64) > MOST:
        raise DataError(f"{table.name} has more than {MOST:,} cells: leave it out, or give fewer columns.")
    found = np.ones(shape, np.bool_)
    none = table.codes[table.high == 0]
    full = (none != ALL).all(axis=1)
    found[tuple(none[full].T)] = False
    for codes in none[~full].tolist():
        found[tuple(slice(None) if code == ALL else code for code in codes)] = False
    return found


def _stated(view: Crosstabs, codes: NDArray[np.int32]) -> Combinations:
    """The statements of all cells about these combinations."""
    parts: list[sparse.csr_array] = []
    low: list[Ints] = []
    high: list[Ints] = []
    where: list[Ints] = []
    for source in sources(view):
        table, cells = source.table, source.cells
        shape = [len(view.domains[i]) for i in source.fixed]
        wanted, own = _key(source.codes, shape), _key(codes[:, list(source.fixed)], shape)
        order = np.argsort(wanted)
        row = order[np.minimum(np.searchsorted(wanted, own, sorter=order), len(cells) - 1)]
        inside = np.flatnonzero(wanted[row] == own)
        ones = np.ones(len(inside), np.int64)
        parts.append(sparse.csr_array((ones, (row[inside], inside)), shape=(len(cells), len(codes))))
        low.append(table.low[cells])
        high.append(table.high[cells])
        where.append(np.column_stack([np.full(len(cells), source.number), cells]))
    matrix = sparse.csr_array(sparse.vstack(parts))
    bounds, most, cell = np.concatenate(low), np.concatenate(high), np.concatenate(where)
    # A cell that counts no combination that is left says nothing, unless it says that somebody is in it.
    says = (np.diff(matrix.indptr) > 0) | (bounds > 0)
    # A combination that no cell counts may be of any number of people, and nothing else depends on it.
    told = np.diff(sparse.csc_array(matrix).indptr) > 0
    parts_say = implied(view) if view.exact else set[tuple[int, int]]()
    redundant = np.array([pair in parts_say for pair in map(tuple, cell[says].tolist())], np.bool_)
    return Combinations(
        codes[told],
        sparse.csr_array(matrix[says][:, told]),
        bounds[says],
        most[says],
        cell[says],
        redundant,
    )


def _key(codes: Array, shape: list[int]) -> Ints:
    """One number for each row of codes, int64[rows]; 0 where there is no column."""
    key = np.zeros(len(codes), np.int64)
    for column, size in zip(codes.T, shape, strict=True):
        key = key * size + column
    return key
