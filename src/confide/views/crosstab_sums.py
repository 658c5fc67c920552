"""Cells that count the same people: a cell, and cells that add up to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Ints
from confide.views.crosstabs import ALL, Crosstab, Crosstabs

Ends: TypeAlias = tuple[int, int]
"""The least and the greatest count."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The cells of one table that are fixed in the same columns, and a total over its others.

    Args:
        number: of the table.
        table: itself.
        fixed: the columns, by their positions in the release.
        cells: int64[k], the numbers of the cells in the table.
        codes: int64[k, columns].
    """

    number: int
    table: Crosstab
    fixed: tuple[int, ...]
    cells: Ints
    codes: Ints


def sources(view: Crosstabs) -> Iterator[Source]:
    """The cells of all tables by the columns that they are fixed in."""
    for number, table in enumerate(view.tables):
        kinds, which = np.unique(table.codes != ALL, axis=0, return_inverse=True)
        for i, kind in enumerate(kinds):
            at, cells = np.flatnonzero(kind), np.flatnonzero(which.ravel() == i)
            fixed = tuple(table.columns[j] for j in at)
            yield Source(number, table, fixed, cells, table.codes[np.ix_(cells, at)].astype(np.int64))


def sums(view: Crosstabs, source: Source, shared: Sequence[int]) -> dict[tuple[int, ...], Ends]:
    """The ends of each cell over some of a source's columns, where all cells that add up to it are there.

    Args:
        shared: columns of the source.
    """
    at = [source.fixed.index(i) for i in shared]
    parts = int(np.prod([len(view.domains[i]) for i in source.fixed if i not in shared], dtype=np.int64))
    keys, group = np.unique(source.codes[:, at], axis=0, return_inverse=True)
    group = group.ravel()
    count = np.bincount(group, minlength=len(keys))
    low, high = (np.zeros(len(keys), np.int64) for _ in range(2))
    np.add.at(low, group, source.table.low[source.cells])
    np.add.at(high, group, source.table.high[source.cells])
    return {
        tuple(key): (int(a), int(b))
        for key, a, b, n in zip(keys.tolist(), low, high, count, strict=True)
        if n == parts
    }


def implied(view: Crosstabs) -> set[tuple[int, int]]:
    """The published cells (table, cell) that published cells of more columns add up to.

    They say nothing that their parts do not say, and a total over all people would link everything.
    """
    every = list(sources(view))
    found: set[tuple[int, int]] = set()
    for one in every:
        for finer in every:
            if not set(one.fixed) < set(finer.fixed):
                continue
            told = sums(view, finer, one.fixed)
            for cell, key in zip(one.cells.tolist(), map(tuple, one.codes.tolist()), strict=True):
                low, high = int(one.table.low[cell]), int(one.table.high[cell])
                if low == high and told.get(key) == (low, high):
                    found.add((one.number, cell))
    return found


def people(view: Crosstabs) -> tuple[int, int | None]:
    """The least and the greatest number of people that the tables leave open; None where nothing ends it.

    A total says it, and so do cells of which every person is in one.

    >>> from confide.views.table import Domain, Table
    >>> sex = Domain("sex", ("f", "m"))
    >>> view = Crosstabs.of(Table.of([sex], np.array([[0], [1], [1]])), [["sex"]])
    >>> people(view), people(view.hiding(3))
    ((3, 3), (2, 4))
    """
    least, most = 0, None
    for source in sources(view):
        low, high = (int(side[source.cells].sum()) for side in (source.table.low, source.table.high))
        # Cells of one source share nobody, so that their least counts add up even if some are not published.
        least = max(least, low)
        if len(source.cells) == int(np.prod([len(view.domains[i]) for i in source.fixed], dtype=np.int64)):
            most = high if most is None else min(most, high)
    return least, most
