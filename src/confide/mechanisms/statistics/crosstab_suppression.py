"""Suppression of small cells, and of others with them: Cox, Suppression Methodology (JASA 1980)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations as pairs
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.statistics.crosstab_rounding import need_counts
from confide.views.crosstab_sums import Source, people, sources
from confide.views.crosstabs import Crosstabs

Cell: TypeAlias = tuple[int, int]
"""The number of a table, and of a cell in it."""
Key: TypeAlias = tuple[tuple[int, int], ...]
"""What a cell counts: its columns and their values. Cells of two tables may count the same people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedCells:
    """Hides small counts, and if asked for further ones that would give them away; makes no promise.

    Without secondary suppression a hidden cell is known to be small. With it one mark stands for small and
    for further cells, and may hide any count from 1 on: in each sum that is published, over a row, a column
    or a part of a table, either no cell is hidden or two are. A hidden total counts as a cell. The further
    cell is the smallest one of the sum that is not 0. This is the rule by which tables are protected by hand.
    It stops one subtraction. Several sums together may still give a cell away, and the audit says so.

    Args:
        under: counts from 1 to below this are hidden.
        secondary: whether further cells are hidden.

    Raises:
        PromiseError: if nothing would be hidden.
    """

    under: int
    secondary: bool = False

    def __post_init__(self) -> None:
        if self.under < 2:
            raise PromiseError(f"counts below {self.under} are to be hidden: give 2 or more.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Crosstabs, *, rng: Rng) -> Release[Crosstabs]:
        """Hide and publish.

        Raises:
            PromiseError: for counts that are hidden already.
        """
        need_counts(data)
        if not self.secondary:
            return Release(data.hiding(self.under), None, "SuppressedCells")
        hidden = with_further_cells(data, _small(data, self.under))
        most = people(data)[1] or max(int(table.high.max(initial=1)) for table in data.tables)
        tables = tuple(
            replace(t, low=np.where(gone, 1, t.low), high=np.where(gone, most, t.high))
            for t, gone in zip(data.tables, hidden, strict=True)
        )
        return Release(replace(data, tables=tables), None, "SuppressedCells")


def _small(data: Crosstabs, under: int) -> list[Bools]:
    return [(table.low >= 1) & (table.low < under) for table in data.tables]


def with_further_cells(data: Crosstabs, hidden: list[Bools]) -> list[Bools]:
    """Hide one more cell of each published sum of which one alone is hidden, until there is none.

    Args:
        data: exact counts.
        hidden: by table, bool[m].
    """
    gone = [mask.copy() for mask in hidden]
    same: dict[Key, list[Cell]] = {}
    keys: dict[Cell, Key] = {}
    for source in sources(data):
        for cell, codes in zip(source.cells.tolist(), source.codes.tolist(), strict=True):
            at = (source.number, cell)
            keys[at] = tuple(zip(source.fixed, codes, strict=True))
            same.setdefault(keys[at], []).append(at)

    def hide(at: Cell) -> None:
        # Also where another table publishes the same cell.
        for table, cell in same[keys[at]]:
            gone[table][cell] = True

    for table, mask in enumerate(hidden):
        for cell in np.flatnonzero(mask).tolist():
            hide((table, cell))
    every = list(_equations(data))
    changed = True
    while changed:
        changed = False
        for cells in every:
            unknown = {keys[at] for at in cells if gone[at[0]][at[1]]}
            if len(unknown) != 1:
                continue
            seen = [at for at in cells if not gone[at[0]][at[1]] and data.tables[at[0]].low[at[1]] > 0]
            if seen:
                hide(min(seen, key=lambda at: int(data.tables[at[0]].low[at[1]])))
                changed = True
    return gone


def _equations(data: Crosstabs) -> Iterator[list[Cell]]:
    """The cells of two sums that count the same people: over a row of one table, and of another."""
    for one, other in pairs(sources(data), 2):
        shared = [i for i in one.fixed if i in other.fixed]
        mine, theirs = _grouped(data, one, shared), _grouped(data, other, shared)
        yield from (mine[key] + theirs[key] for key in mine if key in theirs)


def _grouped(data: Crosstabs, source: Source, shared: list[int]) -> dict[tuple[int, ...], list[Cell]]:
    """The cells of each sum over the other columns, where all of them are published."""
    at = [source.fixed.index(i) for i in shared]
    parts = int(np.prod([len(data.domains[i]) for i in source.fixed if i not in shared], dtype=np.int64))
    found: dict[tuple[int, ...], list[Cell]] = {}
    for cell, codes in zip(source.cells.tolist(), source.codes[:, at].tolist(), strict=True):
        found.setdefault(tuple(codes), []).append((source.number, cell))
    return {key: cells for key, cells in found.items() if len(cells) == parts}
