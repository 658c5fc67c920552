"""Tables of people: one row a person or several, and in each cell a value or a range of values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.language import later


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """The m values that a column may hold, each with a code 0..m-1.

    Codes stand in the order of the leaves of the column's hierarchy, numbers and dates rising. So every
    generalised cell is a range of codes: an age of 30 to 39, and a region of neighbouring states.

    Args:
        name: of the column.
        labels: of each code, as text.
        numbers: float64[m], what numbers are worth, or the day of a date; NaN where a value is missing. None
            for categories.
        missing: whether the last code stands for a missing value, which is a value of its own.
    """

    name: str
    labels: tuple[str, ...]
    numbers: Floats | None = None
    missing: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """A SHA-256 over name, labels and numbers."""
        sha = hashlib.sha256(repr((self.name, self.labels, self.missing)).encode())
        if self.numbers is not None:
            sha.update(np.ascontiguousarray(self.numbers).data)
        return sha.hexdigest()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Table:
    """The n records of people over d columns, as ranges of codes; make one with `Table.of`.

    Args:
        domains: of the d columns.
        low: int32[n, d], the lowest code that a cell may stand for.
        high: int32[n, d], the highest one; the same array as `low` where every cell holds one value.
        people: int64[n], the number of the person whose row each is; None where a row is a person. Then
            whatever counts people counts rows. It is the curator's and the referee's: no release shows it.

    >>> sex, age = Domain("sex", ("f", "m")), Domain("age", ("30", "31", "32"), np.array([30.0, 31.0, 32.0]))
    >>> raw = Table.of([sex, age], np.array([[0, 2], [1, 0], [1, 1]]))
    >>> raw.precise, raw.cell(0, 1), raw.only(["age"]).low[:, 0].tolist()
    (True, '32', [2, 0, 1])
    >>> Table((sex, age), raw.low, np.array([[1, 2], [1, 1], [1, 1]], np.int32)).cell(0, 0)
    '*'
    """

    shown: ClassVar[str] = later("table")

    domains: tuple[Domain, ...]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    people: Ints | None = None

    def __post_init__(self) -> None:
        if self.low.shape != self.high.shape or self.low.shape[1:] != (len(self.domains),):
            raise DataError(
                f"a table of {len(self.domains)} columns has codes of the shapes {self.low.shape} and "
                f"{self.high.shape}: give one code for each column of each row."
            )
        if self.people is not None and self.people.shape != self.low.shape[:1]:
            raise DataError(f"{len(self.people)} people for {len(self.low)} rows: say whose each row is.")

    @classmethod
    def of(cls, domains: Sequence[Domain], codes: Array, *, people: Ints | None = None) -> Table:
        """A table in which every cell holds one value.

        Raises:
            DataError: if a code is outside its domain.
        """
        low = np.asarray(codes, np.int32)
        table = cls(tuple(domains), low, low, people)
        for domain, column in zip(domains, low.T, strict=True):
            if len(column) and (column.min() < 0 or column.max() >= len(domain)):
                raise DataError(f"a code of {domain.name!r} is outside 0 to {len(domain) - 1}.")
        return table

    def __len__(self) -> int:
        return len(self.low)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in their order."""
        return tuple(domain.name for domain in self.domains)

    @property
    def sizes(self) -> Ints:
        """The number of values of each column, int64[d]."""
        return np.array([len(domain) for domain in self.domains], np.int64)

    @property
    def precise(self) -> bool:
        """Whether every cell holds one value."""
        return self.low is self.high or bool((self.low == self.high).all())

    @property
    def suppressed(self) -> Bools:
        """Whether a cell says nothing, bool[n, d]: it may stand for every value of its column."""
        return (self.low == 0) & (self.high == self.sizes - 1) & (self.sizes > 1)

    @property
    def published(self) -> Table:
        """The table as others see it: nobody says which rows are one person's."""
        return self if self.people is None else replace(self, people=None)

    def at(self, name: str) -> int:
        """The position of a column.

        Raises:
            DataError: if there is none of this name.
        """
        if name not in self.names:
            raise DataError(f"the table has no column {name!r}: it has {', '.join(self.names)}.")
        return self.names.index(name)

    def only(self, names: Sequence[str]) -> Table:
        """Only these columns, in this order."""
        at = [self.at(name) for name in names]
        return self._with(tuple(self.domains[i] for i in at), lambda a: a[:, at], self.people)

    def take(self, rows: Array) -> Table:
        """Only these rows (a mask, or positions), in this order."""
        return self._with(self.domains, lambda a: a[rows], None if self.people is None else self.people[rows])

    def same_columns(self, other: Table, name: str) -> None:
        """Refuse a table over other columns, another order of them, or other values of one.

        Args:
            name: of the other table, for the message.

        Raises:
            DataError: with what differs.
        """
        if self.names != other.names:
            raise DataError(
                f"the {name} has the columns {', '.join(other.names)}, the real one {', '.join(self.names)}: "
                "give the same ones in one order."
            )
        for one, another in zip(self.domains, other.domains, strict=True):
            if one.labels != another.labels:
                raise DataError(f"the {name} has other values of {one.name!r}: give both one domain.")

    def cell(self, row: int, column: int) -> str:
        """A cell as people read it: a value, the first and the last value of a range, or * for all."""
        labels = self.domains[column].labels
        low, high = int(self.low[row, column]), int(self.high[row, column])
        if low == high:
            return labels[low]
        return "*" if high - low == len(labels) - 1 else f"{labels[low]} to {labels[high]}"

    def digest(self) -> str:
        """A SHA-256 over all fields, which identifies the content in a cache."""
        sha = hashlib.sha256("".join(domain.digest() for domain in self.domains).encode())
        for codes in (self.low,) if self.precise else (self.low, self.high):
            sha.update(np.ascontiguousarray(codes).data)
        if self.people is not None:
            sha.update(np.ascontiguousarray(self.people).data)
        return sha.hexdigest()

    def _with(
        self,
        domains: tuple[Domain, ...],
        cut: Callable[[NDArray[np.int32]], NDArray[np.int32]],
        people: Ints | None,
    ) -> Table:
        low = cut(self.low)
        # The one array stays one: that it is the same says that the table is precise.
        return Table(domains, low, low if self.low is self.high else cut(self.high), people)
