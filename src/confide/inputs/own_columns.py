"""Columns of a released table with values of their own: noisy numbers, means, pseudonyms and bits."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.errors import DataError
from confide.inputs.cells import EMPTY, cell_ranges
from confide.inputs.columns import missing
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain, Table


def released_column(
    column: pl.Series, domain: Domain | None, *, name: str, hierarchy: Hierarchy | None = None
) -> tuple[Domain, NDArray[np.int32], NDArray[np.int32]]:
    """A column as the file says it: under the original's domain where all its cells are of it, else its own.

    Args:
        column: of the released table.
        domain: of the original's column of this name; None where it has none.
        name: of the released table, for messages.
    """
    if domain is not None:
        try:
            low, high = cell_ranges(column, domain, name=name, hierarchy=hierarchy, exact=True)
        except DataError:
            pass
        else:
            return domain, low, high
    own, codes = own_column(column)
    return own, codes, codes


def own_column(column: pl.Series) -> tuple[Domain, NDArray[np.int32]]:
    """A domain of the values that occur, numbers rising and texts sorted, a missing one last; and the codes.

    >>> own_column(pl.Series("income", [2.5, None, 1.0]))[0].labels
    ('1', '2.5', '')
    """
    empty = missing(column).to_numpy()
    there = column.filter(pl.Series(~empty))
    if column.dtype.is_numeric():
        values, place = np.unique(there.cast(pl.Float64).to_numpy(), return_inverse=True)
        numbers = np.append(values, [np.nan] * bool(empty.any()))
        labels = [str(int(x)) if x == int(x) else repr(x) for x in values.tolist()]
    else:
        values, place = np.unique(np.array(there.cast(pl.String).to_list(), np.str_), return_inverse=True)
        numbers, labels = None, values.tolist()
    codes = np.full(len(column), len(values), np.int32)
    codes[~empty] = place
    made = (*labels, *[EMPTY] * bool(empty.any()))
    return Domain(column.name, made, numbers, missing=bool(empty.any())), codes


def own_values(domain: Domain, codes: NDArray[np.int32]) -> pl.Series:
    """A column of single values as it is written: whole numbers, fractions or texts.

    >>> own_values(Domain("age", ("30", "31"), np.array([30.0, 31.0])), np.array([1, 0], np.int32)).to_list()
    [31, 30]
    """
    last = len(domain) - 1
    gone = pl.Series(codes == last) if domain.missing else pl.Series(np.zeros(len(codes), np.bool_))
    if domain.numbers is None:
        made = pl.Series(domain.labels, dtype=pl.String).gather(codes)
    else:
        known = domain.numbers[: len(domain) - domain.missing]
        whole = bool((known == np.floor(known)).all() and (np.abs(known) < 2**53).all())
        filled = np.nan_to_num(domain.numbers)
        made = pl.Series(filled.astype(np.int64) if whole else filled).gather(codes)
    shown = pl.DataFrame({"v": made, "gone": gone}).select(pl.when(~pl.col("gone")).then(pl.col("v")))["v"]
    return shown.alias(domain.name)


def same_cells(one: Table, other: Table) -> bool:
    """Whether two tables say the same: columns of the same names, whose cells have the same values.

    Domains may differ in values that no cell holds.
    """
    if set(one.names) != set(other.names) or len(one) != len(other):
        return False
    return all(_same(one, other, name) for name in one.names)


def _same(one: Table, other: Table, name: str) -> bool:
    i, j = one.at(name), other.at(name)
    first, second = one.domains[i], other.domains[j]
    pairs = ((one.low[:, i], other.low[:, j]), (one.high[:, i], other.high[:, j]))
    if first.digest() == second.digest():
        return all(np.array_equal(a, b) for a, b in pairs)
    if first.numbers is not None and second.numbers is not None:
        return all(np.array_equal(first.numbers[a], second.numbers[b], equal_nan=True) for a, b in pairs)
    texts = [np.array([EMPTY if d.missing and k == len(d) - 1 else x for k, x in enumerate(d.labels)], object)
             for d in (first, second)]  # fmt: skip
    return all(np.array_equal(texts[0][a], texts[1][b]) for a, b in pairs)
