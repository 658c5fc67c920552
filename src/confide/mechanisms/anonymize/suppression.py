"""Suppression of columns, rows and cells (Samarati, Sweeney 1998; Hundepool et al. 2012, chapter 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Ints, Rng
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.views.table import Table
from confide.views.table_keys import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutColumns:
    """Removes columns: names, numbers of documents, addresses.

    There is no promise: the columns that stay point at people together.

    Args:
        columns: their names.

    Raises:
        PromiseError: if none is named.
    """

    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        refuse_no_columns(self.columns)

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table without these columns.

        Raises:
            DataError: if a column is not there, or no other is.
        """
        for column in self.columns:
            data.at(column)
        left = [name for name in data.names if name not in self.columns]
        if not left:
            raise DataError("no column is left: there is nothing to release.")
        return Release(data.only(left), None, "WithoutColumns")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """The columns are not there."""
        gone = not set(self.columns) & set(view.names)
        return (Claim(f"there is no column {' or '.join(map(repr, self.columns))}", gone),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRareRows:
    """Suppresses every row whose values in the known columns fewer than k people have.

    There is no promise: the rows that stay share their secret with their like, and rows that were suppressed
    may be known to be missing.

    Args:
        known: the columns that an adversary may know.
        k: the fewest people that have the same values.
        how: "remove" the rows, or "blank" the known columns in them.

    Raises:
        PromiseError: if a setting is refused.
    """

    known: tuple[str, ...]
    k: int = 10
    how: Literal["remove", "blank"] = "remove"

    def __post_init__(self) -> None:
        refuse_no_columns(self.known)
        if self.k < 2:
            raise PromiseError(f"k is {self.k}, and every row is like itself: give 2 or more.")
        if self.how not in ("remove", "blank"):
            raise PromiseError(f"rare rows cannot be {self.how!r}: say 'remove' or 'blank'.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table without rare rows.

        Raises:
            DataError: if a column is not there, or all rows are rare.
        """
        # A blank row is company for nobody.
        blank = np.asarray(data.only(self.known).suppressed.all(1))
        like = company(data.take(~blank), self.known)
        rare = np.zeros(len(data), np.bool_)
        rare[np.flatnonzero(~blank)[like < self.k]] = True
        if len(data) and not (~rare & ~blank).any():
            raise DataError(
                f"every row is one of fewer than {self.k}: nothing would be left. Make values coarser."
            )
        if self.how == "remove":
            return Release(data.take(~rare), None, "WithoutRareRows")
        at = np.isin(data.names, self.known)
        return Release(suppressed(data, rare[:, None] & at), None, "WithoutRareRows")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every row has k like it, or says nothing in the known columns."""
        there = view.take(~np.asarray(view.only(self.known).suppressed.all(1)))
        fewest = int(company(there, self.known).min(initial=self.k))
        text = f"every row has the known values of at least {self.k} {counted(view)}"
        return (Claim(text, fewest >= self.k),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRareValues:
    """Suppresses, in each of some columns, every cell whose value fewer than `people` people have.

    There is no promise: values that are common each by itself can be rare together.

    Args:
        columns: their names.
        people: the fewest that have a value.

    Raises:
        PromiseError: if a setting is refused.
    """

    columns: tuple[str, ...]
    people: int = 10

    def __post_init__(self) -> None:
        refuse_no_columns(self.columns)
        if self.people < 2:
            raise PromiseError(f"people is {self.people}, and every value has one: give 2 or more.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table without rare values.

        Raises:
            DataError: if a column is not there.
        """
        cells = np.zeros(data.low.shape, np.bool_)
        for column in self.columns:
            cells[:, data.at(column)] = company(data, (column,)) < self.people
        return Release(suppressed(data, cells), None, "WithoutRareValues")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """Every value that is left has enough people."""
        fewest = self.people
        for column in self.columns:
            there = ~view.suppressed[:, view.at(column)]
            fewest = min(fewest, int(company(view.take(there), (column,)).min(initial=self.people)))
        named = ", ".join(map(repr, self.columns))
        text = f"every value of {named} has at least {self.people} {counted(view)}"
        return (Claim(text, fewest >= self.people),)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WithoutCells:
    """Suppresses single cells, such as those that give the people at risk away.

    There is no promise.

    Args:
        rows: int64[c], the row of each cell, from 0.
        columns: the name of each cell's column.

    Raises:
        PromiseError: if there are not as many rows as columns.
    """

    rows: Ints
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.columns):
            raise PromiseError(
                f"{len(self.rows)} rows and {len(self.columns)} columns: give one of each a cell."
            )

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Release[Table]:
        """Release the table without these cells.

        Raises:
            DataError: if a row or a column is not there.
        """
        return Release(suppressed(data, self._cells(data)), None, "WithoutCells")

    def claims(self, view: Table) -> tuple[Claim, ...]:
        """The cells say nothing."""
        wide = view.sizes > 1
        gone = bool((view.suppressed | ~wide)[self._cells(view)].all())
        return (Claim(f"{len(self.rows):,} cells are suppressed", gone),)

    def _cells(self, table: Table) -> Bools:
        beyond = (self.rows < 0) | (self.rows >= len(table))
        if beyond.any():
            raise DataError(f"there is no row {int(self.rows[beyond][0])}: the table has {len(table)} rows.")
        cells = np.zeros(table.low.shape, np.bool_)
        cells[self.rows, [table.at(column) for column in self.columns]] = True
        return cells


def refuse_no_columns(columns: Sequence[str]) -> None:
    """Refuse a mechanism without columns, and a text where a tuple of names is meant.

    Raises:
        PromiseError: with what to give.
    """
    if not columns or isinstance(columns, str) or len(set(columns)) < len(columns):
        raise PromiseError(f"the columns are {columns!r}: give a tuple of names, each once.")


def company(table: Table, columns: Sequence[str]) -> Ints:
    """How many people have the same cells in these columns as each row, its own included, int64[n]."""
    view = table.only(columns)
    sizes = view.sizes
    codes, wide = (view.low, sizes) if view.precise else (np.hstack([view.low, view.high]), np.tile(sizes, 2))
    keys = Keys.of(codes, wide, people=table.people)
    return keys.count[keys.row].astype(np.int64)


def counted(table: Table) -> str:
    """What is counted in a table, in a word: rows, or people where it says whose its rows are."""
    return "rows" if table.people is None else "people"


def suppressed(table: Table, cells: Bools) -> Table:
    """The table with these cells saying nothing: they may stand for every value of their columns."""
    if not cells.any():
        return table
    low: NDArray[np.int32] = np.where(cells, 0, table.low).astype(np.int32)
    high: NDArray[np.int32] = np.where(cells, table.sizes - 1, table.high).astype(np.int32)
    return Table(table.domains, low, high, table.people)
