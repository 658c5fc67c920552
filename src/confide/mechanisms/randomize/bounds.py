"""Bounds of a column of numbers: noise hides a number only if everybody knows how large it can be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.noise.lattice import off_grid, on_grid
from confide.mechanisms.randomize.columns import codes_of
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest number that counts; numbers beyond become these.

    Args:
        low, high: chosen without looking at the data.
        missing: the number that a missing value counts as, chosen without the data; None refuses missing
            values, as a column of noisy numbers would show whose number is missing.

    Raises:
        PromiseError: if they are not finite, not in order, or `missing` is not between them.
    """

    low: float
    high: float
    missing: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise PromiseError(
                f"the bounds of noisy numbers are {self.low} and {self.high}: give two finite numbers that "
                "everybody may know, the first one smaller, such as 0..200000."
            )
        if self.missing is not None and not self.low <= self.missing <= self.high:
            raise PromiseError(
                f"a missing value cannot count as {self.missing}: give a number within the bounds."
            )

    def widest(self, step: float) -> int:
        """The largest difference of two numbers within the bounds on a grid, in steps; at least 1."""
        ends = on_grid(np.array([self.low, self.high]), step)
        return max(int(ends[1] - ends[0]), 1)

    def steps(self, table: Table, column: str, step: float) -> Ints:
        """A column's numbers within the bounds, in whole steps, int64[n].

        Raises:
            DataError: if the column holds no numbers, has ranges, or a missing value that counts as nothing.
        """
        numbers = numbers_of(table, column)
        missing = np.isnan(numbers)
        if missing.any() and self.missing is None:
            raise DataError(
                f"column {column!r} has {int(missing.sum()):,} missing values, and noise would show whose: "
                "say what a missing value counts as."
            )
        filled = np.where(missing, 0.0 if self.missing is None else self.missing, numbers)
        return on_grid(np.clip(filled, self.low, self.high), step)


def numbers_of(table: Table, column: str) -> Floats:
    """The numbers of a column, float64[n]; NaN where missing.

    Raises:
        DataError: if it holds no numbers, or ranges.
    """
    worth = table.domains[table.at(column)].numbers
    if worth is None:
        raise DataError(
            f"column {column!r} holds no numbers: noise is for numbers, k-ary({column}) for categories."
        )
    return worth[codes_of(table, column)]


def numbered(name: str, numbers: Array) -> tuple[Domain, Ints]:
    """A column of these numbers: a domain of those that occur, and the codes."""
    worth, codes = np.unique(np.asarray(numbers, np.float64), return_inverse=True)
    labels = tuple(str(int(x)) if x == int(x) else repr(x) for x in worth.tolist())
    return Domain(name, labels, worth), codes.astype(np.int64)


def noisy(name: str, steps: Ints, step: float) -> tuple[Domain, Ints]:
    """A column of numbers on a grid."""
    return numbered(name, off_grid(steps, step))
