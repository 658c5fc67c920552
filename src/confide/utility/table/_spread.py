"""Tables with ranges as distributions: every range is spread evenly over the values in it."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.measure.class_risk import keys_of
from confide.views.table import Table

GROUPS = 16
"""A column with more values is looked at in this many groups of neighbouring values."""


def same_columns(original: Table, released: Table) -> None:
    """Check that a release can be compared with its original.

    Raises:
        DataError: if columns or domains differ, if the original has ranges, or if one has no rows.
    """
    if [d.digest() for d in original.domains] != [d.digest() for d in released.domains]:
        raise DataError(
            f"the original has the columns {', '.join(original.names)}, the release "
            f"{', '.join(released.names)}: give the same columns, with the same values."
        )
    if not original.precise:
        raise DataError("the original has ranges in its cells: give the table before it was generalised.")
    if not len(original) or not len(released):
        raise DataError("a table without rows cannot be compared: give one with people in it.")


def groups(original: Table, *, most: int = GROUPS) -> tuple[Ints, ...]:
    """The group of each value, int64[m] for each column.

    A column of up to `most` values has each for itself. Of more, neighbours are joined so that groups have
    about equally many people of the original; a missing value stays alone.

    >>> from confide.views.table import Domain
    >>> column = Domain("age", tuple("abcdef"))
    >>> [g.tolist() for g in groups(Table.of([column], np.arange(6)[:, None]), most=3)]
    [[0, 0, 1, 1, 2, 2]]
    """
    found: list[Ints] = []
    for domain, codes in zip(original.domains, original.low.T, strict=True):
        m = len(domain)
        if m <= most:
            found.append(np.arange(m))
            continue
        count = np.bincount(codes, minlength=m).astype(np.float64)
        if domain.missing:
            count[-1] = 0
        middle = np.cumsum(count) - count / 2
        part = np.minimum(middle * most // max(count.sum(), 1.0), most - 1)
        if domain.missing:
            part[-1] = most
        found.append(np.unique(part, return_inverse=True)[1].astype(np.int64))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The distinct rows of a table, with the share of each cell that falls into each group.

    Args:
        count: float64[q], the number of rows.
        weight: float32[q, groups] for each column; rows add up to 1.
        group: int64[q, d], the group of each cell that is in one group.
        sole: bool[q, d], whether a cell is in one group.
    """

    count: Floats
    weight: tuple[Array, ...]
    group: Ints
    sole: Bools

    @classmethod
    def of(cls, table: Table, grouped: tuple[Ints, ...]) -> Spread:
        """Spread a table over groups."""
        rows = DistinctRows.of(table)
        low, high = rows.low, rows.high
        weight: list[Array] = []
        for i, group in enumerate(grouped):
            upto = np.zeros((len(group) + 1, int(group.max()) + 1), np.int64)
            np.cumsum(np.eye(upto.shape[1], dtype=np.int64)[group], axis=0, out=upto[1:])
            inside = upto[high[:, i] + 1] - upto[low[:, i]]
            weight.append((inside / (high[:, i] - low[:, i] + 1)[:, None]).astype(np.float32))
        # Column by column in memory, as they are looked at in pairs of columns.
        first = np.stack([g[low[:, i]] for i, g in enumerate(grouped)]).T
        last = np.stack([g[high[:, i]] for i, g in enumerate(grouped)]).T
        return cls(rows.count, tuple(weight), first, first == last)

    def take(self, rows: Array | slice) -> Spread:
        """Only these rows."""
        return Spread(
            self.count[rows], tuple(w[rows] for w in self.weight), self.group[rows], self.sole[rows]
        )


@dataclass(frozen=True, slots=True, eq=False)
class DistinctRows:
    """The distinct rows of a table as they were published.

    Args:
        low, high: int64[q, d], the lowest and the highest code of each cell.
        count: float64[q], the number of rows.
    """

    low: Ints
    high: Ints
    count: Floats

    @classmethod
    def of(cls, table: Table) -> DistinctRows:
        """Count the distinct rows of a table: once, as several measures look at the same one."""
        if (found := _COUNTED.get(table)) is None:
            keys, d = keys_of(table.published), len(table.domains)
            codes = keys.codes.astype(np.int64)
            found = cls(codes[:, :d], codes[:, -d:], keys.count.astype(np.float64))
            for array in (found.low, found.high, found.count):
                array.flags.writeable = False  # it is shared
            _COUNTED[table] = found
        return found


_COUNTED: WeakKeyDictionary[Table, DistinctRows] = WeakKeyDictionary()
"""Kept as long as the table itself is, which nobody changes."""


def drawn(table: Table, *, rng: Rng) -> Table:
    """A precise table: from each range one of its values is drawn, all equally likely."""
    if table.precise:
        return Table.of(table.domains, table.low)
    return Table.of(table.domains, rng.integers(table.low, table.high, endpoint=True))


def numbers_of(rows: DistinctRows, column: int, values: Floats) -> tuple[Floats, Floats, Floats]:
    """For each distinct row the mean and the variance of a cell's numbers, and the share that is no number.

    The three are float64[q]. Mean and variance are 0 where a cell holds no number.

    Args:
        rows: of the table.
        column: the position of a column.
        values: float64[m], the numbers of its domain; NaN for none.
    """
    low, high = rows.low[:, column], rows.high[:, column]
    here = ~np.isnan(values)
    # Sums from the first value on, so that a range is a difference; centred, so that few digits are lost.
    centre = float(values[here].mean()) if here.any() else 0.0
    x = np.where(here, values - centre, 0.0)
    sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (here.astype(np.float64), x, x**2)]
    n, total, squares = (s[high + 1] - s[low] for s in sums)
    mean = total / np.maximum(n, 1)
    variance = np.maximum(squares / np.maximum(n, 1) - mean**2, 0.0)
    return np.where(n > 0, mean + centre, 0.0), np.where(low < high, variance, 0.0), 1 - n / (high - low + 1)
