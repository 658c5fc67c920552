"""Distinct rows of a table with the number of rows of each: how a table too large to hold is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.language import later
from confide.views.table import Table
from confide.views.table_keys import Keys


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Distinct rows and their numbers. No attack takes it for a table: to each row belong several people.

    Args:
        rows: q distinct rows.
        count: int64[q], how many rows of the table are like each.

    Raises:
        DataError: if there is not one number for each distinct row, or one below 1.

    >>> from confide.views.table import Domain
    >>> sex = Table.of([Domain("sex", ("f", "m"))], np.array([[0], [1]]))
    >>> Tally(sex, np.array([7, 5])).total
    12
    """

    shown: ClassVar[str] = later("table")

    rows: Table
    count: Ints

    def __post_init__(self) -> None:
        if self.count.shape != (len(self.rows),) or (self.count < 1).any():
            raise DataError(
                f"{len(self.rows)} distinct rows and {len(self.count)} numbers of rows: give each row a "
                "number of at least 1."
            )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> int:
        """The rows of the table."""
        return int(self.count.sum())

    def distinct(self) -> Tally:
        """The same with equal rows as one, sorted by the lowest values of their cells, then the highest."""
        table, both = self.rows, [self.rows.low]
        if not table.precise:
            both.append(table.high)
        codes = np.hstack(both)
        keys = Keys.of(codes, np.tile(table.sizes, len(both)), weight=self.count.astype(np.float64))
        d = len(table.domains)
        low = np.ascontiguousarray(keys.codes[:, :d])
        high = low if len(both) == 1 else np.ascontiguousarray(keys.codes[:, d:])
        return Tally(Table(table.domains, low, high), keys.count.astype(np.int64))

    def says_same(self, other: Tally) -> bool:
        """Whether both have the same rows as often, in columns of the same values."""
        one, two = self.distinct(), other.distinct()
        return (
            [d.digest() for d in one.rows.domains] == [d.digest() for d in two.rows.domains]
            and np.array_equal(one.rows.low, two.rows.low)
            and np.array_equal(one.rows.high, two.rows.high)
            and np.array_equal(one.count, two.count)
        )
