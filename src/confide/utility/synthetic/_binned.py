"""Bins for margins: the values of each column joined into a few groups, the same ones for every file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.utility.table._spread import same_columns
from confide.views.table import Domain, Table

MOST = 16
"""A column with more values is cut into this many bins: 16^3 cells are few beside a thousand rows."""
MOST_PUBLISHED = 64
"""Published bins that are kept apart: of three columns with 64 bins each, all margins still fit in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Binned:
    """The n rows of a file in bins.

    Args:
        names: of the d columns.
        sizes: the number of bins of each column.
        codes: uint8 or int32[d, n], column by column in memory, as margins are counted column by column.
        people: int64[n], whose row each is; None where a row is a person.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    codes: Array
    people: Ints | None = None

    def __len__(self) -> int:
        return self.codes.shape[1]

    def cells(self, at: Sequence[int]) -> Ints:
        """The cell of each row in the margin of these columns, int64[n], counted in C order."""
        cell = self.codes[at[0]].astype(np.int64)
        for i in at[1:]:
            cell *= self.sizes[i]
            cell += self.codes[i]
        return cell

    def margin(self, at: Sequence[int]) -> Margin:
        """The margin of these columns."""
        shape = tuple(self.sizes[i] for i in at)
        cells = self.cells(at)
        return Margin(shape, cells, np.bincount(cells, minlength=prod(shape)) / len(cells), self.people)


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """The margin of some columns of a file of n rows.

    Args:
        shape: bins of each column.
        cells: int64[n], the cell of each row, in C order.
        share: float64[cells], the share of rows in each.
        people: int64[n], whose row each is; None where a row is a person.
    """

    shape: tuple[int, ...]
    cells: Ints
    share: Floats
    people: Ints | None = None


def binned(
    real: Table, *others: Table, public: Mapping[str, Ints] | None = None, most: int = MOST
) -> list[Binned]:
    """Put the rows of files into the same bins.

    A column of up to `most` values has a bin for each. Numbers of more values are cut into `most` bins of
    equal width over the range of the real ones; values outside it go to the nearest bin. Categories of more
    values are cut into groups of neighbours, equally many values in each. A missing value has its own bin.
    That the range is taken from the real rows is for audits alone, by somebody who holds these rows anyway.

    Args:
        real: the real rows, precise.
        others: files of the same columns and domains.
        public: by column, the bin of each of its values, int64[m], where bins were published; of more than 64
            bins neighbours are joined.
        most: bins of a column that has none published.

    Returns:
        all files in their order, the real rows first.

    Raises:
        DataError: if the files cannot be compared, or if published bins do not match the values.

    >>> from confide.views.table import Domain
    >>> age = Domain("age", tuple("abcde"), np.array([20.0, 21.0, 22.0, 50.0, 60.0]))
    >>> table = Table.of([age], np.arange(5)[:, None])
    >>> binned(table, most=4)[0].codes.tolist()
    [[0, 0, 0, 3, 3]]
    """
    for other in others:
        same_columns(real, other)
        if not other.precise:
            raise DataError("a synthetic file has one value in each cell, and this one has ranges.")
    if not others:
        same_columns(real, real)
    given = public or {}
    bins = [
        _published(domain, given[domain.name]) if domain.name in given else _bins(domain, codes, most)
        for domain, codes in zip(real.domains, real.low.T, strict=True)
    ]
    sizes = tuple(int(each.max()) + 1 for each in bins)
    kind = np.uint8 if max(sizes) <= 256 else np.int32
    return [
        Binned(
            table.names,
            sizes,
            np.stack([each.astype(kind)[codes] for each, codes in zip(bins, table.low.T, strict=True)]),
            table.people,
        )
        for table in (real, *others)
    ]


def _published(domain: Domain, bins: Ints) -> Ints:
    if len(bins) != len(domain) or (len(bins) and int(bins.min()) < 0):
        raise DataError(
            f"{domain.name!r} has {len(domain)} values, and {len(bins)} bins were given: give the bin of "
            "each value, counted from 0."
        )
    number = int(np.max(bins, initial=0)) + 1
    return np.asarray(bins, np.int64) * min(MOST_PUBLISHED, number) // number


def _bins(domain: Domain, codes: Array, most: int) -> Ints:
    """The bin of each value of a column, int64[m]."""
    m = len(domain)
    if m <= most:
        return np.arange(m)
    present = m - int(domain.missing)
    if domain.numbers is None:
        bins = np.arange(m) * most // present
    else:
        held = domain.numbers[codes]
        held = held[~np.isnan(held)]
        low, width = (float(held.min()), float(np.ptp(held))) if len(held) else (0.0, 0.0)
        place = (np.nan_to_num(domain.numbers, nan=low) - low) / (width or 1.0) * most
        bins = np.clip(np.floor(place), 0, most - 1).astype(np.int64)
        bins[np.isnan(domain.numbers)] = most
    if domain.missing:
        bins[-1] = most
    return bins


def margin_sets(d: int, ways: int, *, most: int | None = None, rng: Rng) -> list[tuple[int, ...]]:
    """The sets of `ways` out of d columns: all of them, or `most` drawn without repetition.

    >>> margin_sets(3, 2, rng=np.random.default_rng(0))
    [(0, 1), (0, 2), (1, 2)]
    """
    if most is None or comb(d, ways) <= most:
        return list(combinations(range(d), ways))
    found: set[tuple[int, ...]] = set()
    while len(found) < most:
        found.add(tuple(sorted(rng.choice(d, ways, replace=False).tolist())))
    return sorted(found)
