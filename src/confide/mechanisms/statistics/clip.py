"""Clipped values as whole numbers of steps (fixed point), so that sums are exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError, PromiseError
from confide.views.statistics import PersonRows

FINE = 31
"""A value has from 2^30 to 2^31 steps between its bounds: rounding to one is far below any noise."""
WIDEST = 2**62
"""No code is larger in size, so that codes and their differences fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The public bounds of a column, and what is done with rows without a number in it.

    A number outside the bounds counts as the nearer bound; infinities do too. NaN and null are left out, or
    count as `missing`.

    Args:
        low, high: the bounds; never read from the data.
        missing: the number that stands for NaN and null; None leaves these rows out.
        whole: whether the column holds whole numbers; the step is 1 then.

    Raises:
        PromiseError: if the bounds are the wrong way round, not finite, or too far apart for 62 bits.

    >>> age = Clip(0, 100, whole=True)
    >>> age.codes(np.array([17, 250, -3]))[0].tolist(), age.reach
    ([-33, 50, -50], 50)
    """

    low: float
    high: float
    missing: float | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise PromiseError(
                f"the bounds are {self.low} and {self.high}: give two finite numbers, the smaller first."
            )
        if self.missing is not None and not self.low <= self.missing <= self.high:
            raise PromiseError(
                f"{self.missing} stands for missing values: give a number from {self.low} to {self.high}."
            )
        if self.whole and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise PromiseError(f"the bounds are {self.low} and {self.high}: give whole numbers.")
        if self.whole and max(abs(int(self.low)), abs(int(self.high))) > WIDEST:
            raise PromiseError(f"the bounds are {self.low} and {self.high}: give numbers up to 2^62.")
        if not self.whole and not max(abs(self.low), abs(self.high)) <= WIDEST * self.step:
            raise PromiseError(
                f"the bounds {self.low} and {self.high} are too near each other, or too far apart, for "
                "62 bits: change the unit of the column, or subtract a public number from it."
            )

    @property
    def step(self) -> float:
        """What one step of the codes is worth: 1, or a power of two that the bounds alone fix."""
        return 1.0 if self.whole else math.ldexp(1.0, math.frexp(self.high - self.low)[1] - FINE)

    @property
    def origin(self) -> Fraction:
        """The value of code 0: the middle of the bounds, where nobody's code is large."""
        if self.whole:
            return Fraction((int(self.low) + int(self.high)) // 2)
        return Fraction(self.low / 2 + self.high / 2)

    @property
    def reach(self) -> int:
        """R, the largest size of a code."""
        return self._reach(self.origin)

    @property
    def reach_from_zero(self) -> int:
        """The largest size of a code that is counted from 0."""
        return self._reach(Fraction(0))

    def _reach(self, origin: Fraction) -> int:
        ends = (Fraction(self.low), Fraction(self.high))
        return max(math.ceil(abs(end - origin) / Fraction(self.step)) for end in ends)

    def codes(self, values: Array, *, from_zero: bool = False) -> tuple[Ints, Bools]:
        """The code of each row that counts, and which rows these are.

        Args:
            values: float64[n] or int64[n].
            from_zero: code 0 stands for the value 0, as in sums, and not for `origin`.

        Returns:
            int64[k], and bool[n] with k True.
        """
        there = np.ones(len(values), np.bool_)
        if values.dtype == np.float64:
            there = ~np.isnan(values)
            if self.missing is not None:
                values, there = np.where(there, values, self.missing), np.ones(len(values), np.bool_)
        values = values[there]
        if self.whole:
            # Twice: floats near 2^63 cannot become 64-bit numbers, and bounds beyond 2^53 are no floats.
            whole = values
            if values.dtype == np.float64:
                whole = np.rint(np.clip(values, self.low, self.high)).astype(np.int64)
            clipped = np.clip(whole, int(self.low), int(self.high))
            return clipped - (0 if from_zero else int(self.origin)), there
        numbers = np.clip(values.astype(np.float64), self.low, self.high)
        origin, reach = (0.0, self.reach_from_zero) if from_zero else (float(self.origin), self.reach)
        # The quotient by a power of two is exact; a code beyond the reach could come from its rounding alone.
        return np.clip(np.rint((numbers - origin) / self.step).astype(np.int64), -reach, reach), there

    def values(self, codes: Floats) -> Floats:
        """What codes, or means of codes, stand for: float64[k]."""
        return float(self.origin) + codes * self.step


def group_sums(codes: Ints, group: Ints, groups: int) -> list[int]:
    """The exact sum of each group, as Python's whole numbers; nothing wraps.

    Args:
        codes: int64[n], fewer than 2^31 of them.
        group: int64[n], -1 for rows of no group.
        groups: how many there are.

    >>> group_sums(np.full(4, 2**62), np.array([0, 0, 0, -1]), 1) == [3 * 2**62]
    True
    """
    inside = group >= 0
    codes, group = codes[inside], group[inside]
    # In two halves: neither sum of fewer than 2^31 halves leaves 64 bits.
    upper, lower = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    np.add.at(upper, group, codes >> 31)
    np.add.at(lower, group, codes & (2**31 - 1))
    return [(int(u) << 31) + int(v) for u, v in zip(upper, lower, strict=True)]


def coded(data: PersonRows, clip: Clip, *, from_zero: bool = False) -> tuple[Ints, Ints]:
    """The codes of the rows that count, and the group of each.

    Raises:
        DataError: if the rows have no values.
    """
    if data.values is None:
        raise DataError("these rows have no values to sum: give values.")
    codes, there = clip.codes(data.values, from_zero=from_zero)
    return codes, data.codes[there]
