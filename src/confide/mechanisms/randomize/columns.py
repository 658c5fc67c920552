"""Columns of a table, taken out and put in; and the chances with which a value is kept, in whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Array, Ints
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.noise.words import Words, below
from confide.views.table import Domain, Table

BIT = ("0", "1")
MOST_KEPT = 1 << 40
"""A true value is at most this much likelier than another: an epsilon above 27 is kept with room."""
TOTAL = 1 << 61


def refuse_epsilon(epsilon: float) -> None:
    """Refuse an epsilon that is no promise, or a promise that only a release of nothing keeps.

    Raises:
        PromiseError: for one that is not above 0, or not finite.
    """
    if not 0 < epsilon < math.inf:  # written so that NaN is refused too
        raise PromiseError(f"epsilon is {epsilon}: give a finite number above 0, such as 1.")


def codes_of(table: Table, column: str) -> Ints:
    """The codes of a column whose cells hold one value each, int64[n].

    Raises:
        DataError: if there is no such column, or a cell holds a range.
    """
    at = table.at(column)
    low, high = table.low[:, at], table.high[:, at]
    if (low != high).any():
        row = int(np.flatnonzero(low != high)[0]) + 1
        raise DataError(
            f"column {column!r} holds a range in row {row}: randomise values before they are made coarse."
        )
    return low.astype(np.int64)


def replaced(table: Table, column: str, new: Sequence[tuple[Domain, Array]]) -> Table:
    """The table with new columns of single values in the place of one.

    Raises:
        DataError: if a new column has the name of another that stays.
    """
    at = table.at(column)
    domains = (*table.domains[:at], *(domain for domain, _ in new), *table.domains[at + 1 :])
    names = [domain.name for domain in domains]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise DataError(f"the release would have two columns {double!r}: rename this column of the table.")
    codes = np.column_stack([np.asarray(codes, np.int32) for _, codes in new])

    def put(cells: Array) -> Array:
        return np.hstack([cells[:, :at], codes, cells[:, at + 1 :]])

    low = put(table.low)
    return Table(domains, low, low if table.low is table.high else put(table.high), table.people)


@dataclass(frozen=True, slots=True)
class Odds:
    """A value is kept with chance keep / total, and each of the others drawn with chance other / total.

    Args:
        keep, other: whole numbers, the first at least as large.
        others: the number of other values.
    """

    keep: int
    other: int
    others: int

    @classmethod
    def of(cls, epsilon: float, others: int) -> Odds:
        """The largest odds of at most e^epsilon to 1 that whole numbers below 2^61 have.

        *Proof.* `math.exp` is off by less than a part in 2^50, by which the odds are lowered before they are
        rounded down. Where that leaves less than 1 to 1, they are 1 to 1.
        """
        power = min(Fraction(math.exp(min(epsilon, 40.0))), Fraction(MOST_KEPT))
        other = TOTAL // (math.ceil(power) + others)
        keep = math.floor(power * (1 - Fraction(1, 1 << 50)) * other)
        return cls(max(keep, other), other, others)

    @classmethod
    def changing(cls, share: float, others: int) -> Odds:
        """Another value is drawn with this chance."""
        other = math.floor(Fraction(share) * TOTAL / others) if others else 0
        return cls(TOTAL - other * others, other, others)

    @property
    def total(self) -> int:
        return self.keep + self.other * self.others

    @property
    def kept(self) -> float:
        """p, the chance that a value is shown that is true."""
        return self.keep / self.total

    @property
    def shown(self) -> float:
        """q, the chance that a certain other value is shown."""
        return self.other / self.total

    @property
    def epsilon(self) -> float:
        """What these odds promise: the logarithm of the ratio, rounded up; infinite if one never shows."""
        if not self.others:
            return 0.0
        if not self.other or not self.keep:
            return math.inf
        ratio = Fraction(max(self.keep, self.other), min(self.keep, self.other))
        return math.log(ratio) * (1 + 2.0**-50)

    def drawn(self, codes: Ints, words: Words) -> Ints:
        """Each code kept or changed, int64[n]."""
        u = below(self.total, len(codes), words)
        if not self.other:
            return codes.copy()
        other = (u - self.keep) // self.other
        return np.where(u < self.keep, codes, other + (other >= codes))

    def coins(self, n: int, words: Words) -> Array:
        """n coins that fall heads with chance keep / total, bool[n]."""
        return below(self.total, n, words) < self.keep
