"""Contingency tables: how many people share each combination of values of some columns."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.language import later, t
from confide.views.table import Domain, Table

ALL = -1
"""The code of a total: a cell with it in a column counts people with any value of that column."""
MOST = 5_000_000
"""Cells of a table at most, empty ones too: an array of them is made, and takes 40 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Crosstab:
    """One published contingency table: m cells over k columns, and the count of each or its range.

    Args:
        name: what the publisher calls it: its file, for example.
        columns: the positions of its k columns among the domains of the release, rising.
        codes: int32[m, k], the values that the people of a cell share; `ALL` for a total over a column.
        low: int64[m], the count; where it is hidden, the least that it can be.
        high: int64[m], the count; where it is hidden, the most that it can be.

    Raises:
        DataError: if shapes differ, a range is empty, or a cell is there twice.
    """

    name: str
    columns: tuple[int, ...]
    codes: NDArray[np.int32]
    low: Ints
    high: Ints

    def __post_init__(self) -> None:
        m = len(self.codes)
        if self.codes.shape != (m, len(self.columns)) or self.low.shape != (m,) or self.high.shape != (m,):
            raise DataError(
                f"{self.name}: {self.codes.shape} codes, {self.low.shape} and {self.high.shape} counts: give "
                f"{len(self.columns)} codes and one count for each cell."
            )
        if sorted(set(self.columns)) != list(self.columns):
            raise DataError(f"{self.name}: columns {self.columns}: name each once, in rising order.")
        if (self.low > self.high).any():
            raise DataError(f"{self.name}: a cell's least count is above its greatest: turn them round.")
        if len(np.unique(self.codes, axis=0)) < m:
            raise DataError(f"{self.name} holds a cell twice: give one count for each.")

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """The cells whose count is not published, bool[m]."""
        return self.low < self.high

    def __len__(self) -> int:
        return len(self.low)


@dataclass(frozen=True, slots=True, eq=False)
class Crosstabs:
    """A release of contingency tables of the same people.

    Args:
        domains: the values of the d columns.
        tables: each over some of the columns.
        exact: whether the counts are the true ones. If they carry noise they may be negative, and two tables
            may disagree.

    Raises:
        DataError: if there is no table, a code is outside its column, or an exact count is negative.

    >>> sex, age = Domain("sex", ("f", "m")), Domain("age", ("30", "31", "32"))
    >>> people = Table.of([sex, age], np.array([[0, 2], [1, 0], [1, 0]]))
    >>> tables = Crosstabs.of(people, [["sex"], ["sex", "age"]])
    >>> [t.low.tolist() for t in tables.tables], tables.cell(1, 3)
    ([[1, 2], [0, 0, 1, 2, 0, 0]], 'sex=m, age=30')
    >>> tables.hiding(3).tables[1].high.tolist()
    [0, 0, 2, 2, 0, 0]
    """

    shown: ClassVar[str] = later("crosstabs")

    domains: tuple[Domain, ...]
    tables: tuple[Crosstab, ...]
    exact: bool = True

    def __post_init__(self) -> None:
        if not self.tables:
            raise DataError("there is no table: give one or more.")
        for table in self.tables:
            for i, column in zip(table.columns, table.codes.T, strict=True):
                if not 0 <= i < len(self.domains):
                    raise DataError(f"{table.name}: column {i} is outside 0 to {len(self.domains) - 1}.")
                if len(column) and (column.min() < ALL or column.max() >= len(self.domains[i])):
                    raise DataError(
                        f"{table.name}: a code of {self.domains[i].name!r} is outside its values."
                    )
            if self.exact and (table.low < 0).any():
                at = int(np.argmax(table.low < 0))
                raise DataError(f"{table.name}: a count is {table.low[at]}: give counts of 0 or more.")

    @classmethod
    def of(cls, records: Table, sets: Sequence[Sequence[str]]) -> Crosstabs:
        """Count people: a full table over each of these sets of columns, empty cells included.

        Args:
            records: n people, a row each, with one value in each cell.
            sets: the columns of each table, by name.

        Raises:
            DataError: if there is no such column, or a table would be too large.
        """
        tables: list[Crosstab] = []
        for names in sets:
            at = sorted(records.at(name) for name in names)
            sizes = [len(records.domains[i]) for i in at]
            if np.prod(sizes, dtype=np.float64) > MOST:
                raise DataError(f"a table over {', '.join(names)} has more than {MOST:,} cells: name fewer.")
            cells = np.indices(sizes, np.int32).reshape(len(at), -1).T
            slot = np.ravel_multi_index([records.low[:, i] for i in at], sizes) if at else np.zeros(0, int)
            count = np.bincount(slot, minlength=len(cells)).astype(np.int64)
            tables.append(Crosstab(" x ".join(names), tuple(at), cells, count, count))
        return cls(records.domains, tuple(tables))

    @property
    def sizes(self) -> Ints:
        """The number of values of each column, int64[d]."""
        return np.array([len(domain) for domain in self.domains], np.int64)

    def hiding(self, below: int, *, zeros: bool = False) -> Crosstabs:
        """The same release with small counts hidden: all from 1 (or 0) to below - 1.

        Args:
            below: the least count that is published, besides 0.
            zeros: whether zeros are hidden too.
        """
        first = 0 if zeros else 1

        def hide(table: Crosstab) -> Crosstab:
            small = (table.low >= first) & (table.high < below)
            low, high = np.where(small, first, table.low), np.where(small, below - 1, table.high)
            return replace(table, low=low, high=high)

        return replace(self, tables=tuple(map(hide, self.tables)))

    def only(self, tables: Sequence[Crosstab]) -> Crosstabs:
        """The release with these of its tables, and with the columns that stand in one of them."""
        used = sorted({i for table in tables for i in table.columns})
        place = {i: k for k, i in enumerate(used)}
        moved = tuple(replace(t, columns=tuple(place[i] for i in t.columns)) for t in tables)
        return Crosstabs(tuple(self.domains[i] for i in used), moved, self.exact)

    @property
    def called(self) -> tuple[str, ...]:
        """The tables by their columns; of several over the same columns the later ones are numbered.

        A file's name is for its owner: it may say whose data it holds.
        """
        names = [" x ".join(self.domains[i].name for i in t.columns) or "a total" for t in self.tables]
        before = [names[:i].count(name) for i, name in enumerate(names)]
        return tuple(name + f" ({k + 1})" * (k > 0) for name, k in zip(names, before, strict=True))

    def cell(self, table: int, cell: int) -> str:
        """A cell in words: its values, without the columns it is a total over.

        Args:
            table, cell: their numbers.
        """
        at = self.tables[table]
        fixed = zip(at.columns, at.codes[cell].tolist(), strict=True)
        named = [f"{self.domains[i].name}={self.domains[i].labels[code]}" for i, code in fixed if code != ALL]
        return ", ".join(named) or t("all people")

    def row(self, codes: Sequence[int]) -> str:
        """A combination of values of all columns, in words."""
        return ", ".join(
            f"{domain.name}={domain.labels[code]}" for domain, code in zip(self.domains, codes, strict=True)
        )

    def digest(self) -> str:
        """A SHA-256 over all fields, which identifies the content in a cache."""
        sha = hashlib.sha256("".join(domain.digest() for domain in self.domains).encode())
        for table in self.tables:
            sha.update(repr((table.name, table.columns, self.exact, len(table))).encode())
            for array in (table.codes, table.low, table.high):
                sha.update(np.ascontiguousarray(array).data)
        return sha.hexdigest()

    def __len__(self) -> int:
        return sum(map(len, self.tables))
